"""Support bundles: what is replaced is shown, parts are chosen, only the owner of a key opens a sealed one."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from serverkit.errors import InvalidInputError
from serverkit.support.contents import Cleaner, pieces_of, zipped
from serverkit.support.errors import SealBrokenError, SupportKeyError
from serverkit.support.sealing import new_keys, seal, unseal


@pytest.mark.row("S3.5")
def test_what_is_redacted_is_counted_and_shown_as_it_is_saved(tmp_path: Path) -> None:
    """A known secret and a login in an address are replaced wherever they are; the preview shows those lines alone."""
    cleaner = Cleaner(['pass"word', "abc"])
    parts = {"one": lambda: {"a": 'pass"word', "b": "http://u:x@proxy"}, "two": lambda: {"c": "abc"}}
    readme, one, two = pieces_of("read me", parts, tmp_path, (), cleaner)

    assert one.to_dict()["redacted"] == 2
    assert one.to_dict()["lines"] == ['"a": "***",', '"b": "http://***@proxy"']
    assert "word" not in one.text
    assert two.to_dict()["redacted"] == readme.to_dict()["redacted"] == 0


@pytest.mark.row("S3.5")
def test_only_the_chosen_parts_are_in_a_bundle(tmp_path: Path) -> None:
    """Beside them there is the explanation; a part that there is not is refused."""
    parts = {"one": dict, "two": dict}
    with zipfile.ZipFile(io.BytesIO(zipped(pieces_of("", parts, tmp_path, ["two"], Cleaner(()))))) as bundle:
        assert bundle.namelist() == ["README.txt", "two.json"]
    with pytest.raises(InvalidInputError):
        pieces_of("", parts, tmp_path, ["three"], Cleaner(()))


@pytest.mark.row("S3.5")
def test_a_sealed_bundle_opens_with_its_key_only() -> None:
    """Another key, a changed byte and what is no key are refused; two seals of one bundle differ."""
    (private, public), (other, _) = new_keys(), new_keys()
    sealed = seal(public, b"bundle")
    assert unseal(private, sealed) == b"bundle"
    assert seal(public, b"bundle") != sealed
    assert b"bundle" not in sealed
    for key, data in (
        (other, sealed),
        (private, sealed[:-1] + bytes([sealed[-1] ^ 1])),
        (private, b""),
        (private, sealed[:30]),
    ):
        with pytest.raises(SealBrokenError):
            unseal(key, data)
    for key in (
        "",
        public.replace("public", "private"),
        "perigee-support-public:AAAA",
        "perigee-support-public:" + "A" * 43 + "=",
    ):
        with pytest.raises(SupportKeyError):
            seal(key, b"bundle")
