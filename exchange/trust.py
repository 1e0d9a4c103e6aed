"""The root of trust: which keys may sign what, how it changes hands, and how a reader that missed versions catches up (row E2).

A root document names the root keys with their threshold, and the role keys under them. Version N+1 is signed by the
threshold of version N's keys *and* of its own, so that no one can take the root over, and a reader that slept through
several versions walks them one by one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from exchange import limits
from exchange.canonical import JsonObject, decode, decode_object, encode, iso
from exchange.carried import reading
from exchange.envelope import SIGNATURES, payload_type, payload_unverified, seal, unseal
from exchange.errors import (
    AlteredError,
    ExpiredError,
    MalformedError,
    NewerRootNeededError,
    NotYetValidError,
    TooLargeError,
    UnknownIssuerError,
    UnsupportedVersionError,
    WrongVendorError,
)
from exchange.fields import Fields, plain_object
from exchange.keys import PrivateKey, PublicKey
from exchange.vocabulary import KeyState, Role

ROOT_TYPE = payload_type("root")
FORMAT = 1


@dataclass(frozen=True, slots=True)
class RoleKey:
    """A key that the root names for a role, with the time for which it may sign."""

    role: Role
    key: PublicKey
    not_before: datetime
    not_after: datetime
    state: KeyState = KeyState.ACTIVE

    def to_dict(self) -> JsonObject:
        """The role key as it is in the root document."""
        return {
            "role": self.role.value,
            "key": self.key.to_dict(),
            "not_before": iso(self.not_before),
            "not_after": iso(self.not_after),
            "state": self.state.value,
        }

    @classmethod
    def from_dict(cls, data: object) -> Self:
        """Read a role key."""
        fields = Fields(data, "role_key")
        return cls(
            role=fields.word("role", Role),
            key=PublicKey.from_dict(fields.mapping("key")),
            not_before=fields.time("not_before"),
            not_after=fields.time("not_after"),
            state=fields.word("state", KeyState),
        )


@dataclass(frozen=True, slots=True)
class Root:
    """One version of the root document."""

    version: int
    vendor_id: str
    vendor_name: str
    created: datetime
    expires: datetime
    lab: bool
    threshold: int
    root_keys: tuple[PublicKey, ...]
    role_keys: tuple[RoleKey, ...]
    min_format: int = FORMAT

    def to_dict(self) -> JsonObject:
        """The document's payload."""
        return {
            "format": FORMAT,
            "version": self.version,
            "vendor_id": self.vendor_id,
            "vendor_name": self.vendor_name,
            "created": iso(self.created),
            "expires": iso(self.expires),
            "lab": self.lab,
            "threshold": self.threshold,
            "root_keys": [key.to_dict() for key in self.root_keys],
            "role_keys": [key.to_dict() for key in self.role_keys],
            "min_format": self.min_format,
        }

    @classmethod
    def from_dict(cls, data: object) -> Self:
        """Read a payload; MalformedError for what no root can be."""
        fields = Fields(data, "root")
        if fields.integer("format", least=1) != FORMAT:
            raise UnsupportedVersionError("the root is written in a newer format")
        root = cls(
            version=fields.integer("version", least=1),
            vendor_id=fields.identifier("vendor_id"),
            vendor_name=fields.text("vendor_name", empty=False),
            created=fields.time("created"),
            expires=fields.time("expires"),
            lab=fields.flag("lab"),
            threshold=fields.integer("threshold", least=1, most=16),
            root_keys=fields.items("root_keys", PublicKey.from_dict, most=16),
            role_keys=fields.items("role_keys", RoleKey.from_dict, most=64),
            min_format=fields.integer("min_format", least=1),
        )
        if len({key.key_id for key in root.root_keys}) != len(root.root_keys) or root.threshold > len(root.root_keys):
            raise MalformedError("root: the threshold cannot be reached by distinct keys")
        if root.min_format > FORMAT:
            raise UnsupportedVersionError("the vendor's root demands a newer format than this program reads")
        return root

    def keys_by_id(self) -> dict[str, PublicKey]:
        """The root keys by id."""
        return {key.key_id: key for key in self.root_keys}


def sign_root(root: Root, keys: Sequence[PrivateKey]) -> bytes:
    """Sign a root document; the bytes of its file without the closing line feed."""
    return encode(seal(ROOT_TYPE, encode(root.to_dict()), keys))


@dataclass(frozen=True)
class Trust:
    """A root that is trusted, with the signed documents that led to it, oldest first."""

    root: Root
    chain: tuple[bytes, ...]

    @property
    def document(self) -> bytes:
        """The newest signed root document."""
        return self.chain[-1]

    def advance(self, documents: Sequence[bytes]) -> Trust:
        """Follow newer roots, each verified by its predecessor; known versions are skipped."""
        if len(documents) > limits.ROOT_DOCUMENTS or sum(map(len, documents)) > limits.ROOT_LINE_BYTES:
            raise TooLargeError("more root documents than a walk may take")
        trust = self
        for document in documents:
            trust = trust._step(document)
        return trust

    def _step(self, document: bytes) -> Trust:
        envelope = decode_object(document, max_bytes=limits.ROOT_FILE_BYTES)
        # Only the version is taken from the unverified payload, to tell a known document from a gap; all else waits.
        version = Fields(decode(payload_unverified(envelope), max_bytes=limits.ROOT_FILE_BYTES), "root").integer(
            "version"
        )
        if version <= self.root.version:
            return self
        if version != self.root.version + 1:
            raise NewerRootNeededError(
                "root {version} is offered where {next} is the next",
                version=version,
                next=self.root.version + 1,
            )
        payload = _unseal_root(envelope, self.root)
        newer = Root.from_dict(decode(payload, max_bytes=limits.ROOT_FILE_BYTES))
        _unseal_root(envelope, newer)
        if newer.vendor_id != self.root.vendor_id:
            raise WrongVendorError("the newer root belongs to another vendor")
        if newer.lab != self.root.lab or newer.min_format < self.root.min_format:
            raise AlteredError("a root may not change its world or lower its format")
        return Trust(newer, (*self.chain, document))

    def keys(self, role: Role, issued_at: datetime | None = None) -> Mapping[str, PublicKey]:
        """Keys that may have signed for a role at a time; a revoked key never, an expired one only for its time."""
        found = {}
        for entry in self.root.role_keys:
            if entry.role is not role or entry.state is KeyState.REVOKED:
                continue
            if issued_at is not None and not entry.not_before <= issued_at <= entry.not_after:
                continue
            found[entry.key.key_id] = entry.key
        return found

    def check_issued(self, role: Role, key_ids: Sequence[str], issued_at: datetime) -> None:
        """Refuse what a key signed outside the time for which the root named it (attacks' rule 12)."""
        for entry in self.root.role_keys:
            if entry.role is role and entry.key.key_id in key_ids and entry.state is not KeyState.REVOKED:
                if issued_at < entry.not_before:
                    raise NotYetValidError("signed before its key was valid")
                if issued_at > entry.not_after:
                    raise ExpiredError("signed after its key had ended")
                return
        raise UnknownIssuerError("the root names no such key for this role")

    def newer_than(self, version: int) -> tuple[bytes, ...]:
        """The documents that a reader who knows `version` still needs, oldest first."""
        first = self.root.version - len(self.chain) + 1
        return self.chain[max(0, version - first + 1) :]

    def save(self) -> bytes:
        """The whole chain, for local storage."""
        return encode([decode(document, max_bytes=limits.ROOT_FILE_BYTES) for document in self.chain])

    @classmethod
    def restore(cls, data: bytes) -> Trust:
        """Read back what `save` wrote, verifying each step again."""
        documents = decode(data, max_bytes=limits.ROOT_FILE_BYTES * limits.ROOT_DOCUMENTS)
        if not isinstance(documents, list) or not documents:
            raise MalformedError("no chain of roots")
        trust = load_root(encode(documents[0]))
        for document in documents[1:]:
            trust = trust._step(encode(document))
        return trust


def _unseal_root(envelope: JsonObject, root: Root) -> bytes:
    known = root.keys_by_id()
    signatures = Fields(envelope, "envelope").items("signatures", plain_object, most=SIGNATURES)
    mine = {**envelope, "signatures": [entry for entry in signatures if _key_id(entry) in known]}
    return unseal(mine, ROOT_TYPE, known, root.threshold)


def _key_id(signature: object) -> str:
    return Fields(signature, "signature").text("keyid")


def load_root(data: bytes) -> Trust:
    """Take a root file as the first trust: it must be signed by its own threshold."""
    return reading(data, lambda: _load_root(data))


def _load_root(data: bytes) -> Trust:
    text = data.removesuffix(b"\n")
    envelope = decode_object(text, max_bytes=limits.ROOT_FILE_BYTES)
    if encode(envelope) != text:
        raise AlteredError("the root file was changed outside its signature")
    fields = Fields(envelope, "envelope")
    if fields.text("payloadType") != ROOT_TYPE:
        unseal(envelope, ROOT_TYPE, {})
    # A first trust has nothing before it: the document's own keys vouch for its wholeness, a person for its origin.
    root = Root.from_dict(decode(payload_unverified(envelope), max_bytes=limits.ROOT_FILE_BYTES))
    _unseal_root(envelope, root)
    return Trust(root, (text,))
