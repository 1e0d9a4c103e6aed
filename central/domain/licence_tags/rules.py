"""Rules of tags: how they are written, and how many there may be (row C3.7)."""

from __future__ import annotations

from collections.abc import Iterable

from central.domain.licence_tags.errors import NoTagsError, TooManyTagsError
from serverkit.names import check_name, kept_key

MOST_LETTERS, MOST_AT_ONCE, MOST_IN_PLACE = 64, 20, 1000


def read_tags(texts: Iterable[str]) -> dict[str, str]:
    """Tags by key, from texts that separate them with commas or lines: each once, whatever the case of its letters.

    NoTagsError where none is named, TooManyTagsError above 20, InvalidNameError for a name that cannot be one.
    """
    found: dict[str, str] = {}
    for text in texts:
        for part in text.replace("\n", ",").split(","):
            name = " ".join(part.split())
            if name:
                check_name("tag", name, MOST_LETTERS)
                found.setdefault(kept_key(name), name)
    if not found:
        raise NoTagsError
    if len(found) > MOST_AT_ONCE:
        raise TooManyTagsError("{count} tags at once, {most} may be", count=len(found), most=MOST_AT_ONCE)
    return found


def check_count(there: int, fresh: int) -> None:
    """Refuse more tags than a virtual account may have; TooManyTagsError."""
    if there + fresh > MOST_IN_PLACE:
        raise TooManyTagsError("the virtual account has {there} tags, {most} may be", there=there, most=MOST_IN_PLACE)
