"""Members of an object: typed, bounded, and named where they are wrong."""

from __future__ import annotations

from enum import StrEnum

import pytest

from exchange.errors import MalformedError, TooLargeError
from exchange.fields import Fields, plain_object, plain_text


class Colour(StrEnum):
    """Words of a closed list."""

    RED = "red"


GOOD = Fields(
    {"text": "a", "count": 3, "flag": True, "none": None, "word": "red", "list": ["a"], "map": {"a": 1}}, "row"
)


@pytest.mark.row("E1")
def test_members_are_read_by_their_type() -> None:
    """Null and missing are alike where a member is optional."""
    assert (GOOD.text("text"), GOOD.integer("count"), GOOD.flag("flag")) == ("a", 3, True)
    assert GOOD.word("word", Colour) is Colour.RED
    assert GOOD.items("list", plain_text) == ("a",)
    assert GOOD.mapping("map") == {"a": 1}
    assert (GOOD.optional_text("none"), GOOD.optional_integer("missing"), GOOD.has("none")) == (None, None, False)


@pytest.mark.row("E1")
def test_a_wrong_member_is_malformed_and_named() -> None:
    """A flag is no number, a number is no text, bounds and lengths hold."""
    for read in (
        lambda: GOOD.text("count"),
        lambda: GOOD.text("missing"),
        lambda: GOOD.integer("flag"),
        lambda: GOOD.integer("count", most=2),
        lambda: GOOD.text("text", most=0),
        lambda: GOOD.word("text", Colour),
        lambda: GOOD.identifier("text"),
        lambda: GOOD.digest("text"),
        lambda: GOOD.time("text"),
        lambda: GOOD.items("list", plain_object),
        lambda: GOOD.items("list", plain_text, most=0),
    ):
        with pytest.raises(MalformedError):
            read()
    with pytest.raises(MalformedError, match=r"row\.count"):
        GOOD.text("count")
    with pytest.raises(MalformedError):
        Fields([], "row")
    with pytest.raises(TooLargeError):
        GOOD.mapping("map", most_bytes=6)
