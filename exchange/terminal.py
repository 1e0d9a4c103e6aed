"""What is printed: texts of files, devices and folders reach a terminal as text, never as a control."""

from __future__ import annotations

import json


def printed(text: str) -> str:
    """A text of several lines with a question mark for each control, mark of direction and other letter that has no form."""
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    return "".join(one if one.isprintable() or one == "\n" else "?" for one in text)


def printed_json(value: object) -> str:
    """A value as one line of JSON; what has no form is escaped, so that programs read it as it is."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else json.dumps(one)[1:-1] for one in text)
