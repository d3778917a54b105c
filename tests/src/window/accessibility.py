# Prints what a screen reader finds of Libretto on this bus, as a list of JSON objects, in the order of reading.
import json
import sys

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib

DEEPEST = 60


def text(node):
    """What stands in a node itself; its children stand there as U+FFFC."""
    face = node.get_text_iface()
    return "" if face is None else Atspi.Text.get_text(face, 0, Atspi.Text.get_character_count(face))


def walk(node, found, depth=0):
    if node is None or depth > DEEPEST:
        return
    try:
        attributes = node.get_attributes() or {}
        found.append(
            {
                "role": node.get_role_name(),
                "name": node.get_name() or "",
                "text": text(node),
                "live": attributes.get("live") or attributes.get("container-live") or "",
                "focusable": node.get_state_set().contains(Atspi.StateType.FOCUSABLE),
            }
        )
        children = node.get_child_count()
    except GLib.Error:
        # It went away meanwhile.
        return
    for index in range(children):
        try:
            child = node.get_child_at_index(index)
        except GLib.Error:
            continue
        walk(child, found, depth + 1)


found = []
desktop = Atspi.get_desktop(0)
for index in range(desktop.get_child_count()):
    program = desktop.get_child_at_index(index)
    if program is not None and (program.get_name() or "").lower() == "libretto":
        walk(program, found)
json.dump(found, sys.stdout)
