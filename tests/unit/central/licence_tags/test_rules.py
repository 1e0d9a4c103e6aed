"""How tags are written."""

from __future__ import annotations

import pytest

from central.domain.licence_tags.errors import NoTagsError, TooManyTagsError
from central.domain.licence_tags.rules import MOST_AT_ONCE, read_tags


@pytest.mark.row("C3.7")
def test_tags_are_read_from_texts_with_commas_each_once() -> None:
    """Blanks and case make no other tag; nothing, and too many at once, are refused."""
    assert read_tags(["North,  west wing ,north", "NORTH\nLab"]) == {
        "north": "North",
        "west wing": "west wing",
        "lab": "Lab",
    }
    with pytest.raises(NoTagsError):
        read_tags([" , ", ""])
    with pytest.raises(TooManyTagsError):
        read_tags([",".join(f"t{one}" for one in range(MOST_AT_ONCE + 1))])
