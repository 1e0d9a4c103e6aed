"""A request for conversion that waits never keeps a device from the renewal of its rights."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from agent import converting
from agent.errors import InvalidInputError
from agent.store import Conversion, DeviceState
from exchange.canonical import iso
from exchange.identity import Udi
from exchange.keys import PrivateKey

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.row("C9.5")
def test_an_answer_in_words_of_a_newer_server_leaves_the_request_open() -> None:
    """It is noted and asked for again, whether it comes at once or after an interruption; nothing is raised."""
    one = Conversion("2" * 32, {"L-ESS": 1}, iso(NOW), converting.UNSENT)
    state = DeviceState(instance="1" * 32, udi=Udi(pid="SW-48", serial="D-1").to_dict(), conversion=one)
    said = {"request": one.request, "state": "waits_for_approval", "lines": [], "decided_at": None}
    reply: Any = SimpleNamespace(answer=SimpleNamespace(result=said))
    talk: Any = SimpleNamespace(say=lambda *_: reply)

    converting.ask_again(talk, state, PrivateKey.generate(), NOW)
    converting.accept_late(state, reply)

    assert (one.state, one.message != "") == (converting.UNSENT, True)


@pytest.mark.row("C9.5")
@pytest.mark.parametrize("sku", ["", "L" * 256, "L\x1bADV", "Lo\u0308"])
def test_a_sku_that_no_server_would_read_is_refused_at_once(sku: str) -> None:
    """Empty, too long, with a control or a decomposed letter: nothing is kept, so nothing is asked for again and again."""
    state = DeviceState(instance="1" * 32, udi=Udi(pid="SW-48", serial="D-1").to_dict())

    with pytest.raises(InvalidInputError):
        converting.choose(state, {sku: 1}, NOW)
    assert state.conversion is None
