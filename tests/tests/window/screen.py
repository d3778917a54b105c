"""Makes the right half of a virtual display of 1280 by 900 its only screen, as if another one to its left had gone dark."""

import ctypes
import sys


class Monitor(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_ulong),
        *[(name, ctypes.c_int) for name in "primary automatic noutput x y width height mwidth mheight".split()],
        ("outputs", ctypes.POINTER(ctypes.c_ulong)),
    ]


x11, randr = ctypes.CDLL("libX11.so.6"), ctypes.CDLL("libXrandr.so.2")
x11.XOpenDisplay.restype = ctypes.c_void_p
x11.XOpenDisplay.argtypes = [ctypes.c_char_p]
x11.XDefaultRootWindow.restype = ctypes.c_ulong
x11.XDefaultRootWindow.argtypes = [ctypes.c_void_p]
x11.XInternAtom.restype = ctypes.c_ulong
x11.XInternAtom.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
x11.XCloseDisplay.argtypes = [ctypes.c_void_p]
randr.XRRGetScreenResources.restype = ctypes.POINTER(ctypes.c_ulong)
randr.XRRGetMonitors.restype = ctypes.POINTER(Monitor)
randr.XRRGetMonitors.argtypes = [ctypes.c_void_p, ctypes.c_ulong, ctypes.c_int, ctypes.POINTER(ctypes.c_int)]
randr.XRRSetMonitor.argtypes = [ctypes.c_void_p, ctypes.c_ulong, ctypes.POINTER(Monitor)]

display = x11.XOpenDisplay(None)
if not display:
    sys.exit("there is no display")
root = x11.XDefaultRootWindow(display)
count = ctypes.c_int()
present = randr.XRRGetMonitors(display, root, 1, ctypes.byref(count))
# A virtual display has one output, and GTK passes over screens without any.
output = (ctypes.c_ulong * 1)(present[0].outputs[0])
right = Monitor(
    name=x11.XInternAtom(display, b"right", 0), primary=1, automatic=0, noutput=1,
    x=640, y=0, width=640, height=900, mwidth=170, mheight=240,
    outputs=ctypes.cast(output, ctypes.POINTER(ctypes.c_ulong)),
)
randr.XRRSetMonitor(display, root, ctypes.byref(right))
present = randr.XRRGetMonitors(display, root, 1, ctypes.byref(count))
print(count.value, "screen at", present[0].x, flush=True)
x11.XCloseDisplay(display)
