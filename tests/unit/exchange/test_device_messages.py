"""A message on its way through a server: verified, settled by others, signed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from exchange.device.message_handling import DeviceMessage, KnownKeys, handle_all
from exchange.device.messages import DeviceRequest, make_device_request
from exchange.identity import Udi
from exchange.keys import PrivateKey, PublicKey
from exchange.vocabulary import DeviceOp

KEY, STRANGER = PrivateKey.generate(), PrivateKey.generate()


def message(key: PrivateKey, address: str = "authorize") -> DeviceMessage:
    """An authorization signed by a key, sent to an address."""
    request = DeviceRequest(
        op=DeviceOp.AUTHORIZE,
        udi=Udi(pid="SW-48", serial="SN1"),
        instance="1" * 32,
        key_id=key.public.key_id,
        counter=1,
        nonce="2" * 32,
        sent_at=datetime(2026, 1, 1, tzinfo=UTC),
        root_version=1,
        held=(0, 0),
        body={},
    )
    return DeviceMessage(address, make_device_request(request, key))


def find(key_id: str) -> PublicKey | None:
    """The one key that is known."""
    return KEY.public if key_id == KEY.public.key_id else None


@pytest.mark.row("S4.2")
def test_what_is_no_message_is_refused_and_settled_by_nobody() -> None:
    """Rubbish, an unknown key and another operation's address are refused by code; the good message beside them is settled."""
    settled: list[list[DeviceMessage]] = []
    group = [DeviceMessage("authorize", b"rubbish"), message(STRANGER), message(KEY, "deregister"), message(KEY)]

    def settle(verified: Sequence[DeviceMessage]) -> None:
        settled.append(list(verified))
        for each in verified:
            each.refuse("setup_required")

    handle_all(find, settle, group)
    handle_all(find, settle, group[:3])

    assert [each.code for each in group] == ["malformed", "unknown_issuer", "wrong_kind", "setup_required"]
    assert [each.status for each in group] == [400, 401, 400, 503]
    assert all(each.answer is None and each.remedy for each in group)
    assert settled == [[group[3]]]


@pytest.mark.row("S4.2")
def test_a_fault_of_one_message_is_noted_on_it_and_the_others_go_on() -> None:
    """A look-up that crashes, a message that was not kept and an answer that cannot be signed: each has its own error."""
    group = [message(STRANGER), message(KEY), message(KEY), message(KEY)]
    fault = RuntimeError("a fault of the program")

    def crash(key_id: str) -> PublicKey | None:
        if key_id != KEY.public.key_id:
            raise fault
        return KEY.public

    def settle(verified: Sequence[DeviceMessage]) -> None:
        lost, unsigned, good = verified
        lost.error = fault
        unsigned.settle(b"{}", object())  # type: ignore[arg-type]  # a signer that cannot sign
        good.refuse("setup_required")

    handle_all(crash, settle, group)

    assert [type(each.error) for each in group] == [RuntimeError, RuntimeError, AttributeError, type(None)]
    assert group[3].code == "setup_required"


@pytest.mark.row("S4.2")
def test_a_message_that_is_settled_again_forgets_how_it_was_refused() -> None:
    """A group that is tried again leaves nothing of the first try on a message."""
    each = message(KEY)
    each.refuse("recovery")
    each.settle(b"{}", object())  # type: ignore[arg-type]  # nothing is signed here
    assert (each.status, each.code, each.message, each.remedy) == (200, None, "", "")

    each.refuse("setup_required")
    assert (each.status, each.payload, each.signer) == (503, None, None)


@pytest.mark.row("S4.1")
def test_a_message_does_not_show_what_it_carries() -> None:
    """A registration holds a token: neither repr nor str of a message shows it."""
    each = DeviceMessage("register", json.dumps({"token": "pst_secret"}).encode())
    assert "pst_secret" not in f"{each!r} {each}"


@pytest.mark.row("S4.2")
def test_keys_are_looked_up_once_and_unknown_ones_again() -> None:
    """A device that registers after its first try is found; one that is known costs no look."""
    asked: list[str] = []
    known: dict[str, PublicKey] = {}
    keys = KnownKeys(lambda key_id: asked.append(key_id) or known.get(key_id), most=1)
    found = [keys.find("a")]
    known.update(a=KEY.public, b=STRANGER.public)
    found += [keys.find("a"), keys.find("a"), keys.find("b"), keys.find("a")]

    assert found == [None, KEY.public, KEY.public, STRANGER.public, KEY.public]
    assert asked == ["a", "a", "b", "a"]
