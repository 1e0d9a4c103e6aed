"""Device messages and answers: how they are signed, and in which order they are checked (rows S4.1–S4.4).

A request is checked in this order: 1 size, 2 JSON form, 3 signature by the device's key (in a registration by the key
that the message carries), 4 payload. An answer: 1 size, 2 form, 3 newer roots each by its predecessor, 4 the signer's
certificate by the root, 5 signature, 6 payload, 7 it answers exactly this message, 8 it is of this vendor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from exchange import limits
from exchange.canonical import JsonObject, b64decode, b64encode, decode, decode_object, digest, encode, iso
from exchange.certificates import check_times, verify_satellite_identity
from exchange.envelope import payload_type, payload_unverified, seal, signer_ids, unseal
from exchange.errors import (
    AlteredError,
    MalformedError,
    NotMineError,
    UnsupportedVersionError,
    WrongSatelliteError,
    WrongVendorError,
)
from exchange.fields import Fields
from exchange.identity import Udi
from exchange.keys import PrivateKey, PublicKey
from exchange.trust import Trust
from exchange.vocabulary import DeviceOp, Outcome, Role

REQUEST_TYPE = payload_type("device-request")
ANSWER_TYPE = payload_type("device-answer")
FORMAT = 1


@dataclass(frozen=True, slots=True)
class DeviceRequest:
    """One message of a device; `held` is the newest (epoch, rseq) that it was ever shown.

    `resumed` is the highest number that a refusal told the device, in the message which goes on above it; else None.
    """

    op: DeviceOp
    udi: Udi
    instance: str | None
    key_id: str
    counter: int
    nonce: str
    sent_at: datetime
    root_version: int
    held: tuple[int, int]
    body: JsonObject
    resumed: int | None = None

    def to_dict(self) -> JsonObject:
        """The payload."""
        payload: JsonObject = {
            "format": FORMAT,
            "op": self.op.value,
            "udi": self.udi.to_dict(),
            "instance": self.instance,
            "key_id": self.key_id,
            "counter": self.counter,
            "nonce": self.nonce,
            "sent_at": iso(self.sent_at),
            "root_version": self.root_version,
            "held": list(self.held),
            "body": self.body,
        }
        return payload if self.resumed is None else {**payload, "resumed": self.resumed}

    @classmethod
    def from_dict(cls, data: object) -> Self:
        """Read the payload."""
        fields = _fields(data, "device_request")
        held = fields.items("held", _number, most=2)
        if len(held) != 2:
            raise MalformedError("device_request.held: a pair is expected")
        return cls(
            op=fields.word("op", DeviceOp),
            udi=Udi.from_dict(fields.mapping("udi")),
            instance=fields.optional_identifier("instance"),
            key_id=fields.identifier("key_id"),
            counter=fields.integer("counter", least=1, most=limits.JSON_INTEGER),
            nonce=fields.identifier("nonce"),
            sent_at=fields.time("sent_at"),
            root_version=fields.integer("root_version"),
            held=(held[0], held[1]),
            body=fields.mapping("body"),
            resumed=fields.optional_integer("resumed", least=1, most=limits.JSON_INTEGER),
        )


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise MalformedError("a list holds something that is not a number")
    return value


def _fields(data: object, what: str) -> Fields:
    fields = Fields(data, what)
    if fields.integer("format", least=1) != FORMAT:
        raise UnsupportedVersionError("{what}: written in a newer format", what=what)
    return fields


def make_device_request(request: DeviceRequest, key: PrivateKey) -> bytes:
    """Sign a message; a registration carries its key beside the envelope, so that verifying comes before parsing."""
    message: JsonObject = {"envelope": seal(REQUEST_TYPE, encode(request.to_dict()), [key])}
    if request.op is DeviceOp.REGISTER:
        message["key"] = key.public.to_dict()
    return encode(message)


@dataclass(frozen=True, slots=True)
class PeekedRequest:
    """What can be seen of a message before it is verified: only hints for finding the key."""

    key_id: str
    key: PublicKey | None
    envelope: JsonObject


def peek_device(data: bytes) -> PeekedRequest:
    """Parse a message without trusting it."""
    fields = Fields(decode_object(data, max_bytes=limits.DEVICE_MESSAGE_BYTES), "message")
    if fields.object_names() - {"envelope", "key"}:
        raise AlteredError("the message holds something that is not signed")
    envelope = fields.mapping("envelope")
    ids = signer_ids(envelope)
    if len(ids) != 1:
        raise MalformedError("a message has exactly one signature")
    key = PublicKey.from_dict(fields.mapping("key")) if fields.has("key") else None
    return PeekedRequest(ids[0], key, envelope)


def read_device_request(data: bytes, key: PublicKey) -> tuple[DeviceRequest, str]:
    """Verify a message with the device's key; returns it with the digest of its signed payload."""
    return open_device_request(peek_device(data), key)


def open_device_request(peeked: PeekedRequest, key: PublicKey) -> tuple[DeviceRequest, str]:
    """Verify a message that was parsed before."""
    payload = unseal(peeked.envelope, REQUEST_TYPE, {key.key_id: key})
    request = DeviceRequest.from_dict(decode(payload, max_bytes=limits.DEVICE_MESSAGE_BYTES))
    if request.key_id != key.key_id or (request.op is DeviceOp.REGISTER) != (peeked.key is not None):
        raise MalformedError("the message names another key than the one that signed it")
    return request, digest(payload)


@dataclass(frozen=True, slots=True)
class DeviceAnswer:
    """The server's answer to exactly one message; `satellite` is None where central answers itself."""

    op: DeviceOp
    request_digest: str
    nonce: str
    counter: int
    instance: str | None
    vendor_id: str
    satellite: str | None
    created: datetime
    epoch: int
    rseq: int
    outcome: Outcome
    code: str | None
    message: str
    remedy: str
    result: JsonObject

    def to_dict(self) -> JsonObject:
        """The payload."""
        return {
            "format": FORMAT,
            "op": self.op.value,
            "request_digest": self.request_digest,
            "nonce": self.nonce,
            "counter": self.counter,
            "instance": self.instance,
            "vendor_id": self.vendor_id,
            "satellite": self.satellite,
            "created": iso(self.created),
            "epoch": self.epoch,
            "rseq": self.rseq,
            "outcome": self.outcome.value,
            "code": self.code,
            "message": self.message,
            "remedy": self.remedy,
            "result": self.result,
        }

    @classmethod
    def from_dict(cls, data: object) -> Self:
        """Read the payload."""
        fields = _fields(data, "device_answer")
        return cls(
            op=fields.word("op", DeviceOp),
            request_digest=fields.digest("request_digest"),
            nonce=fields.identifier("nonce"),
            counter=fields.integer("counter", least=1, most=limits.JSON_INTEGER),
            instance=fields.optional_identifier("instance"),
            vendor_id=fields.identifier("vendor_id"),
            satellite=fields.optional_identifier("satellite"),
            created=fields.time("created"),
            epoch=fields.integer("epoch"),
            rseq=fields.integer("rseq"),
            outcome=fields.word("outcome", Outcome),
            code=fields.optional_text("code"),
            message=fields.text("message"),
            remedy=fields.text("remedy"),
            result=fields.mapping("result"),
        )


def make_device_answer(
    answer: DeviceAnswer, key: PrivateKey, roots: Sequence[bytes], certificates: Mapping[str, bytes]
) -> bytes:
    """Sign an answer; beside it go newer roots and the certificates that vouch for the signer."""
    return seal_device_answer(encode(answer.to_dict()), key, roots, certificates)


def seal_device_answer(
    payload: bytes, key: PrivateKey, roots: Sequence[bytes], certificates: Mapping[str, bytes]
) -> bytes:
    """Sign the payload of an answer; the same payload and key give the same bytes again."""
    return encode(
        {
            "envelope": seal(ANSWER_TYPE, payload, [key]),
            "roots": [decode(document, max_bytes=limits.ROOT_FILE_BYTES) for document in roots],
            "certificates": {name: b64encode(der) for name, der in certificates.items()},
        }
    )


def read_device_answer(
    data: bytes, *, trust: Trust, expected: tuple[str, str], now: datetime
) -> tuple[DeviceAnswer, Trust]:
    """Verify an answer against the pinned root; `expected` is (digest, nonce) of the message that was sent."""
    fields = Fields(decode_object(data, max_bytes=limits.DEVICE_ANSWER_BYTES), "answer")
    if fields.object_names() != {"envelope", "roots", "certificates"}:
        raise AlteredError("the answer holds something that is not signed")
    roots = fields.items("roots", encode, most=limits.ROOT_DOCUMENTS)
    trust = trust.advance(roots)
    certificates = Fields(fields.mapping("certificates"), "certificates")
    envelope = fields.mapping("envelope")
    satellite: str | None = None
    if certificates.has("satellite"):
        der = b64decode(certificates.text("satellite", most=16_384))
        satellite = _named_satellite(envelope)
        key = verify_satellite_identity(der, trust, satellite)
        check_times(der, now)
        keys = {key.key_id: key}
    else:
        keys = dict(trust.keys(Role.RESPONSE, now))
    payload = unseal(envelope, ANSWER_TYPE, keys)
    answer = DeviceAnswer.from_dict(decode(payload, max_bytes=limits.DEVICE_ANSWER_BYTES))
    if answer.satellite != satellite:
        raise WrongSatelliteError("the answer names another signer than its certificate")
    if (answer.request_digest, answer.nonce) != expected:
        raise NotMineError("the answer belongs to another message")
    if answer.vendor_id != trust.root.vendor_id:
        raise WrongVendorError("the answer belongs to another vendor")
    return answer, trust


def _named_satellite(envelope: object) -> str:
    # Only to know whose certificate to ask for; the certificate, the signature and the payload must then agree on it.
    payload = decode(payload_unverified(envelope), max_bytes=limits.DEVICE_ANSWER_BYTES)
    return Fields(payload, "device_answer").identifier("satellite")
