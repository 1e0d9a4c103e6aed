"""The second reader: envelope and root of trust, after `docs/format/trust.md`."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.format.reader_values import (
    KIB,
    MIB,
    Keys,
    by_id,
    canonical,
    data,
    demand,
    flag,
    ident,
    integer,
    key,
    key_hash,
    many,
    moment,
    obj,
    of,
    raw_key,
    read,
    refuse,
    strict,
    strict_object,
    text,
    time,
    unbase64,
    version_1,
    word,
)

# -- envelope -------------------------------------------------------------------------------------------------------


def type_of(kind: str) -> str:
    """The payload type of a kind."""
    return f"application/vnd.perigee.{kind}.v1+json"


def signed_bytes(payload_type: str, payload: bytes) -> bytes:
    """What a signature is made over."""
    name = payload_type.encode()
    return b" ".join((b"DSSEv1", str(len(name)).encode(), name, str(len(payload)).encode(), payload))


def holds(found: Mapping[str, Any], signature: bytes, over: bytes) -> bool:
    """Whether a key made a signature."""
    try:
        Ed25519PublicKey.from_public_bytes(raw_key(found)).verify(signature, over)
    except (InvalidSignature, ValueError):
        return False
    return True


_ENVELOPE = {"payloadType": text(), "payload": data(32 * MIB), "signatures": many(obj, 16)}


def unsealed(envelope: Any, kind: str, keys: Keys, threshold: int = 1) -> bytes:
    """Open an envelope: the payload, once its signatures hold."""
    found = read(envelope, _ENVELOPE)
    demand(set(envelope) == set(_ENVELOPE), "altered")
    demand(found["payloadType"] == type_of(kind), "wrong_kind")
    payload = base64.b64decode(found["payload"])
    over, good, passed = signed_bytes(found["payloadType"], payload), set(), 0
    for entry in found["signatures"]:
        signature = read(entry, {"keyid": text(), "sig": data(512)})
        demand(set(entry) == {"keyid", "sig"}, "altered")
        name = signature["keyid"]
        if name not in keys or name in good:
            passed += 1
            continue
        demand(holds(keys[name], base64.b64decode(signature["sig"]), over), "altered")
        good.add(name)
    demand(len(good) >= threshold, "unknown_issuer")
    demand(threshold > 1 or passed == 0, "altered")
    return payload


def unverified(envelope: Any) -> bytes:
    """The payload of an envelope, for a hint only."""
    payload = unbase64(obj(envelope).get("payload"), 64 * MIB)
    demand(payload)
    return payload


def signers(envelope: Any) -> list[str]:
    """The key ids that an envelope names, a hint."""
    entries = read(envelope, {"signatures": many(obj, 16)})["signatures"]
    return [read(entry, {"keyid": text()})["keyid"] for entry in entries]


# -- root of trust --------------------------------------------------------------------------------------------------

_ROLE_KEY = {
    "role": word("response", "grant"),
    "key": key,
    "not_before": time,
    "not_after": time,
    "state": word("active", "expired", "revoked"),
}
_ROOT = {
    "format": version_1,
    "version": integer(1),
    "vendor_id": ident,
    "vendor_name": text(empty=False),
    "created": time,
    "expires": time,
    "lab": flag,
    "threshold": integer(1, 16),
    "root_keys": many(key, 16),
    "role_keys": many(of(_ROLE_KEY), 64),
    "min_format": integer(1),
}


def _read_root(payload: bytes) -> dict[str, Any]:
    root = read(strict(payload, 256 * KIB), _ROOT)
    demand(len(by_id(root["root_keys"])) == len(root["root_keys"]) >= root["threshold"])
    demand(root["min_format"] == 1, "unsupported_version")
    return root


def _signed_root(envelope: dict[str, Any], root: Mapping[str, Any]) -> bytes:
    keys = by_id(root["root_keys"])
    signatures = read(envelope, {"signatures": many(obj, 16)})["signatures"]
    mine = [entry for entry in signatures if read(entry, {"keyid": text()})["keyid"] in keys]
    return unsealed({**envelope, "signatures": mine}, "root", keys, root["threshold"])


def first_root(file: bytes) -> dict[str, Any]:
    """Take a root file as the first trust."""
    line = file.removesuffix(b"\n")
    envelope = strict_object(line, 256 * KIB)
    demand(canonical(envelope) == line, "altered")
    found = read(envelope, {"payloadType": text()})
    if found["payloadType"] != type_of("root"):
        unsealed(envelope, "root", {})
    root = _read_root(unverified(envelope))
    _signed_root(envelope, root)
    return root


def walk(root: dict[str, Any], documents: list[bytes]) -> dict[str, Any]:
    """Follow newer roots, each by the one before it."""
    demand(len(documents) <= 64 and sum(map(len, documents)) <= 512 * KIB, "too_large")
    for document in documents:
        envelope = strict_object(document, 256 * KIB)
        version = read(strict(unverified(envelope), 256 * KIB), {"version": integer()})["version"]
        if version <= root["version"]:
            continue
        demand(version == root["version"] + 1, "trust_needs_newer_root")
        newer = _read_root(_signed_root(envelope, root))
        _signed_root(envelope, newer)
        demand(newer["vendor_id"] == root["vendor_id"], "wrong_vendor")
        demand(newer["lab"] == root["lab"] and newer["min_format"] >= root["min_format"], "altered")
        root = newer
    return root


def role_keys(root: Mapping[str, Any], role: str, at: datetime | None = None) -> Keys:
    """Keys that may have signed for a role, or that may sign now."""
    entries = [entry for entry in root["role_keys"] if entry["role"] == role and entry["state"] != "revoked"]
    if at is not None:
        entries = [entry for entry in entries if moment(entry["not_before"]) <= at <= moment(entry["not_after"])]
    return by_id(entry["key"] for entry in entries)


def valid_when_signed(root: Mapping[str, Any], role: str, envelope: Any, made: str) -> None:
    """Whether the key that signed was valid at the time that the content names."""
    names = signers(envelope)
    for entry in root["role_keys"]:
        if entry["role"] == role and entry["state"] != "revoked" and key_hash(entry["key"])[:32] in names:
            demand(moment(made) >= moment(entry["not_before"]), "not_yet_valid")
            demand(moment(made) <= moment(entry["not_after"]), "expired")
            return
    refuse("unknown_issuer")
