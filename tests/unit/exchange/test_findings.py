"""What an inspection collects."""

from __future__ import annotations

import pytest

from exchange.errors import AlteredError, ExpiredError
from exchange.findings import AnyKeys, Findings


@pytest.mark.row("E4")
def test_the_first_refusal_is_the_one_that_a_reader_gives_and_each_code_stands_once() -> None:
    """Further checks are made all the same."""
    findings = Findings()

    def refuse(error: Exception) -> None:
        raise error

    findings.check(lambda: refuse(AlteredError("first")))
    findings.check(lambda: refuse(ExpiredError("second")))
    findings.check(lambda: refuse(AlteredError("third")))
    findings.check(lambda: None)

    assert findings.codes == ["altered", "expired"]
    assert findings.first is not None
    assert findings.first.message == "first"


@pytest.mark.row("E4")
def test_a_stand_in_for_a_missing_key_is_there_for_every_id_and_lists_none() -> None:
    """So that form and digests are checked although the signature is not."""
    keys = AnyKeys()

    assert keys["0" * 16].verify(b"", b"anything")
    assert list(keys) == []
