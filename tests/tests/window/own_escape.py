"""Takes Escape from all programs, as a hotkey of its own, until its input ends. Says `owned` when it has it."""

import ctypes
import sys

x11 = ctypes.CDLL("libX11.so.6")
x11.XOpenDisplay.restype = ctypes.c_void_p
x11.XOpenDisplay.argtypes = [ctypes.c_char_p]
x11.XDefaultRootWindow.restype = ctypes.c_ulong
x11.XDefaultRootWindow.argtypes = [ctypes.c_void_p]
x11.XKeysymToKeycode.restype = ctypes.c_ubyte
x11.XKeysymToKeycode.argtypes = [ctypes.c_void_p, ctypes.c_ulong]
x11.XGrabKey.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_uint, ctypes.c_ulong, *[ctypes.c_int] * 3]
x11.XSync.argtypes = [ctypes.c_void_p, ctypes.c_int]
x11.XCloseDisplay.argtypes = [ctypes.c_void_p]

display = x11.XOpenDisplay(None)
if not display:
    sys.exit("there is no display")
# Without modifiers: window managers have some of their own.
ESCAPE, NONE, ASYNCHRONOUS = 0xFF1B, 0, 1
key = x11.XKeysymToKeycode(display, ESCAPE)
x11.XGrabKey(display, key, NONE, x11.XDefaultRootWindow(display), 0, ASYNCHRONOUS, ASYNCHRONOUS)
x11.XSync(display, 0)
print("owned", flush=True)
sys.stdin.read()
x11.XCloseDisplay(display)
