"""State in outputs besides identity and licences: registration, authorization, generation, versions."""

from __future__ import annotations

import re

from agent.inventory.codes import Note
from agent.inventory.model import Draft
from agent.inventory.words import MOST_TEXT, is_tag, present

_SECTIONS = {
    "registration": "registration",
    "smart licensing registration": "registration",
    "license authorization": "authorization",
    "smart licensing license authorization": "authorization",
    "smart licensing using policy": "policy",
}
_VERSIONS = {"smart agent for licensing", "agent version"}


def pair_of(line: str) -> tuple[str, str] | None:
    """The key and the value of a line, or None where it is of another form."""
    key, colon, value = line.strip().partition(":")
    if not colon or not key or len(key) > 50 or not key[0].isalpha():
        return None
    return key.strip().lower(), value.strip()


def read_states(lines: list[str], draft: Draft) -> None:
    """Registration and authorization, by the heading under which a status stands; versions and tags by their key."""
    section = ""
    for line in lines:
        pair = pair_of(line)
        if pair is None:
            section = section if not line.strip() else ""
            continue
        key, value = pair
        if not value:
            section = _SECTIONS.get(key, section if line[:1] in {" ", "\t"} else "")
            continue
        if key == "status":
            _take_status(section, value, draft)
            if section == "policy":
                section = ""
        else:
            _take_value(key, value, draft)


def _take_value(key: str, value: str, draft: Draft) -> None:
    text = present(value[:MOST_TEXT])
    if text is None:
        return
    if key == "license authorization status":
        draft.authorization = draft.authorization or bare_state(text)
    elif key in _VERSIONS:
        draft.agent_version = draft.agent_version or text
    elif key == "software id" and is_tag(text):
        draft.product_tag = draft.product_tag or text
    elif key == "product instance name":
        draft.hostname = draft.hostname or text
    elif key in {"sia status", "upgrade license status"}:
        draft.authorization = draft.authorization or bare_state(text)


def bare_state(value: str) -> str:
    """A state without the time at which it came about."""
    return re.split(r" (?:on|as of) ", " ".join(value.split()), maxsplit=1, flags=re.IGNORECASE)[0].rstrip(".")


def _take_status(section: str, value: str, draft: Draft) -> None:
    text = present(value[:MOST_TEXT])
    if text is None or section not in {"registration", "authorization", "policy"}:
        return
    state = bare_state(text)
    if section == "policy":
        draft.generation = draft.generation or ("policy" if state.upper() == "ENABLED" else None)
        return
    known = getattr(draft, section)
    if known is not None and known != state:
        draft.note(Note.CONFLICTING_STATE)
    setattr(draft, section, known or state)


def read_generation(text: str, draft: Draft) -> None:
    """The generation of licensing, if the text names it."""
    if draft.generation is not None:
        return
    if re.search(r"^(?:Policy in use|Trust Code Installed) *:", text, re.MULTILINE):
        draft.generation = "policy"
    elif re.search(
        r"^(?:Store)?Index ?:? {0,8}\d+ +Feature|^Feature name +Enforcement|^(?:SlotID|Device#) |^License Store:|^INCREMENT "
        r"|^License Name +Type +Count|^License Level In Use:|^License Location: Slot",
        text,
        re.MULTILINE | re.IGNORECASE,
    ):
        draft.generation = "pak"
    elif draft.registration is not None or (
        # The word ENABLED alone is in outputs of both generations.
        (draft.authorization or "Not Applicable").upper() != "NOT APPLICABLE" and "Smart Licensing is ENABLED" in text
    ):
        draft.generation = "classic"
