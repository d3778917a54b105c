"""Takes the whole keyboard, as the lock of a screen does, until its input ends. Says `locked` when it has it."""

import ctypes
import sys
import time

x11 = ctypes.CDLL("libX11.so.6")
x11.XOpenDisplay.restype = ctypes.c_void_p
x11.XOpenDisplay.argtypes = [ctypes.c_char_p]
x11.XDefaultRootWindow.restype = ctypes.c_ulong
x11.XDefaultRootWindow.argtypes = [ctypes.c_void_p]
x11.XGrabKeyboard.argtypes = [ctypes.c_void_p, ctypes.c_ulong, *[ctypes.c_int] * 3, ctypes.c_ulong]
x11.XCloseDisplay.argtypes = [ctypes.c_void_p]

display = x11.XOpenDisplay(None)
if not display:
    sys.exit("there is no display")
root = x11.XDefaultRootWindow(display)
ASYNCHRONOUS, NOW, TAKEN = 1, 0, 0
for _ in range(200):
    if x11.XGrabKeyboard(display, root, 0, ASYNCHRONOUS, ASYNCHRONOUS, NOW) == TAKEN:
        break
    time.sleep(0.05)
else:
    sys.exit("somebody else has the keyboard")
print("locked", flush=True)
sys.stdin.read()
x11.XCloseDisplay(display)
