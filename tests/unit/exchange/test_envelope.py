"""Signed envelopes: nothing is returned that enough trusted keys have not signed as this kind."""

from __future__ import annotations

import pytest

from exchange.envelope import pae, payload_type, seal, signer_ids, unseal
from exchange.errors import AlteredError, ExchangeError, UnknownIssuerError, WrongKindError
from exchange.keys import PrivateKey

KIND, OTHER = payload_type("grant"), payload_type("allotment")
ONE, TWO, STRANGER = (PrivateKey.generate() for _ in range(3))
TRUSTED = {key.public.key_id: key.public for key in (ONE, TWO)}


@pytest.mark.row("E2")
def test_a_payload_comes_out_once_enough_keys_have_signed_it() -> None:
    """Two signatures of one key are one."""
    both, once = seal(KIND, b"{}", [ONE, TWO]), seal(KIND, b"{}", [ONE])
    twice = {**once, "signatures": once["signatures"] * 2}

    assert unseal(both, KIND, TRUSTED, threshold=2) == b"{}"
    assert unseal(once, KIND, TRUSTED) == b"{}"
    assert signer_ids(both) == (ONE.public.key_id, TWO.public.key_id)
    for short in (once, twice):
        with pytest.raises(UnknownIssuerError):
            unseal(short, KIND, TRUSTED, threshold=2)


@pytest.mark.row("E2")
def test_another_kind_an_unknown_key_and_a_change_are_distinguished() -> None:
    """The kind is signed with the payload, so that no statement is taken for another one."""
    good = seal(KIND, b"{}", [ONE])

    with pytest.raises(WrongKindError):
        unseal(good, OTHER, TRUSTED)
    with pytest.raises(AlteredError):
        unseal({**good, "payloadType": OTHER}, OTHER, TRUSTED)
    with pytest.raises(AlteredError):
        unseal({**good, "payload": seal(KIND, b"[]", [TWO])["payload"]}, KIND, TRUSTED)
    with pytest.raises(UnknownIssuerError):
        unseal(seal(KIND, b"{}", [STRANGER]), KIND, TRUSTED)
    for added in ({**good, "note": ""}, seal(KIND, b"{}", [ONE, STRANGER])):
        with pytest.raises(ExchangeError):
            unseal(added, KIND, TRUSTED)
    assert pae("a", b"b c") == b"DSSEv1 1 a 3 b c"
