"""Letters that a keyboard or a file holds in parts: what is typed at a device can be signed."""

from __future__ import annotations

import pytest

from agent import typed


@pytest.mark.row("S4.1", "D3")
def test_what_is_typed_with_decomposed_letters_is_taken_as_one_text() -> None:
    """A host name, an identity, a unit of a set and a SKU: no message may hold letters in parts, and no command fails of them."""
    parts, one = "Bu\u0308ro", "B\u00fcro"

    assert typed.described("--hostname", parts) == one
    assert typed.identity(parts, "SN1").pid == typed.unit_of(f"{parts}:SN1").pid == one
    assert typed.classic_lines([f"{parts}=2"]) == {one: 2}
