"""Signed envelopes: the signature covers type and exact bytes, and nothing is parsed before it holds.

The form is the Dead Simple Signing Envelope: signatures over `DSSEv1 <len> <type> <len> <payload>`, lengths in bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from exchange.canonical import JsonObject, b64decode, b64encode
from exchange.errors import AlteredError, MalformedError, UnknownIssuerError, WrongKindError
from exchange.fields import Fields, plain_object
from exchange.keys import PrivateKey, PublicKey

TYPE_PREFIX = "application/vnd.perigee."
TYPE_SUFFIX = ".v1+json"
SIGNATURES = 16


def payload_type(name: str) -> str:
    """The payload type of a kind of statement or file."""
    return f"{TYPE_PREFIX}{name}{TYPE_SUFFIX}"


def pae(kind: str, payload: bytes) -> bytes:
    """The bytes that are signed."""
    name = kind.encode("utf-8")
    return b"DSSEv1 %d %s %d %s" % (len(name), name, len(payload), payload)


def seal(kind: str, payload: bytes, keys: Sequence[PrivateKey]) -> JsonObject:
    """Sign a payload with each key."""
    signed = pae(kind, payload)
    return {
        "payloadType": kind,
        "payload": b64encode(payload),
        "signatures": [{"keyid": key.public.key_id, "sig": b64encode(key.sign(signed))} for key in keys],
    }


def unseal(envelope: object, kind: str, trusted: Mapping[str, PublicKey], threshold: int = 1) -> bytes:
    """Return the payload once `threshold` distinct trusted keys are seen to have signed it.

    Raises:
        MalformedError: not an envelope.
        WrongKindError: signed as another kind.
        UnknownIssuerError: too few of the signatures name a trusted key.
        AlteredError: a trusted key's signature does not hold.

    """
    fields = Fields(envelope, "envelope")
    found_kind = fields.text("payloadType")
    payload = b64decode(fields.text("payload", most=64 * 1024 * 1024))
    signatures = fields.items("signatures", plain_object, most=SIGNATURES)
    if len(fields.object_names()) != 3:
        raise AlteredError("the envelope holds something that is not signed")
    if found_kind != kind:
        raise WrongKindError(
            "signed as {found_kind}, needed as {kind}",
            found_kind=found_kind.removeprefix(TYPE_PREFIX),
            kind=kind.removeprefix(TYPE_PREFIX),
        )
    signed = pae(kind, payload)
    good: set[str] = set()
    for entry in signatures:
        entry_fields = Fields(entry, "signature")
        key_id, signature = entry_fields.text("keyid"), b64decode(entry_fields.text("sig"))
        if len(entry_fields.object_names()) != 2:
            raise AlteredError("a signature holds something that is not signed")
        key = trusted.get(key_id)
        if key is None or key_id in good:
            continue
        if not key.verify(signature, signed):
            raise AlteredError("the signature does not fit the content")
        good.add(key_id)
    if len(good) < threshold:
        raise UnknownIssuerError(
            "signed by {count} trusted keys where {threshold} are needed", count=len(good), threshold=threshold
        )
    if len(signatures) != len(good) and threshold == 1:
        raise AlteredError("the envelope carries signatures that do not belong to it")
    return payload


def signer_ids(envelope: object) -> tuple[str, ...]:
    """The key ids that an envelope names: a hint for looking keys up, never a reason to trust."""
    return tuple(
        Fields(entry, "signature").text("keyid")
        for entry in Fields(envelope, "envelope").items("signatures", plain_object, most=SIGNATURES)
    )


def payload_unverified(envelope: object) -> bytes:
    """The payload of an envelope whose signature was not checked: for finding a key, and for `inspect` only."""
    text = Fields(envelope, "envelope").text("payload", most=64 * 1024 * 1024)
    data = b64decode(text)
    if not data:
        raise MalformedError("an empty payload")
    return data
