"""Central's keys: each in a file of its own, readable by its owner only, opened when first needed."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from exchange.certificates import certificate_key
from exchange.device.backend import Signer
from exchange.errors import ExchangeError
from exchange.keys import PrivateKey
from exchange.trust import Trust
from exchange.vocabulary import Role
from serverkit.errors import KeyUnreadableError
from serverkit.files import write_atomic
from serverkit.key_files import read_key_file
from serverkit.secrets_box import SecretBox

TRUST = "trust.json"
BOX = "secrets.key"
DEVICE_CA_KEY = "device-ca.pem"
DEVICE_CA_CERTIFICATE = "device-ca.der"
KEY_BYTES = 16_384
TRUST_BYTES = 16 * 1024 * 1024


T = TypeVar("T")


def _stamp(file: Path) -> tuple[int, int]:
    try:
        found = file.stat()
    except OSError:
        return (0, 0)
    return (found.st_ino, found.st_mtime_ns)


def role_file(role: Role) -> str:
    """The file of a role's key."""
    return f"{role.value}.pem"


_WATCHED = (TRUST, role_file(Role.RESPONSE), role_file(Role.GRANT), DEVICE_CA_CERTIFICATE)


class KeyRing:
    """The keys in a folder."""

    def __init__(self, folder: Path) -> None:
        """`folder` is HOME/keys."""
        self.folder = folder
        self._cache: dict[str, Any] = {}
        self._seen: tuple[tuple[int, int], ...] = ()

    def _read(self, name: str, read: Callable[[], T]) -> T:
        # Another process may have replaced a key or rotated the root: what is known then is read again.
        seen = tuple(_stamp(self.folder / file) for file in _WATCHED)
        if seen != self._seen:
            self._cache, self._seen = {}, seen
        if name not in self._cache:
            self._cache[name] = read()
        found: T = self._cache[name]
        return found

    @property
    def exists(self) -> bool:
        """Whether this folder was set up."""
        return (self.folder / TRUST).exists()

    @property
    def trust(self) -> Trust:
        """The root, with the chain that leads to it."""
        try:
            return self._read(TRUST, lambda: Trust.restore(read_key_file(self.folder / TRUST, TRUST_BYTES)))
        except ExchangeError as error:
            raise KeyUnreadableError("keys/{name} is damaged", name=TRUST) from error

    @property
    def response_key(self) -> PrivateKey:
        """The key that signs what goes to satellites and devices."""
        return self._key(role_file(Role.RESPONSE))

    @property
    def grant_key(self) -> PrivateKey:
        """The key that signs restricted rights, and nothing else."""
        return self._key(role_file(Role.GRANT))

    @property
    def device_ca_key(self) -> PrivateKey:
        """The CA of devices that are connected to central itself."""
        return self._key(DEVICE_CA_KEY)

    @property
    def device_ca(self) -> bytes:
        """That CA's certificate (DER)."""
        file = self.folder / DEVICE_CA_CERTIFICATE
        return self._read(DEVICE_CA_CERTIFICATE, lambda: read_key_file(file, KEY_BYTES))

    @cached_property
    def box(self) -> SecretBox:
        """Encrypts secrets at rest."""
        return SecretBox.open(self.folder / BOX)

    @property
    def vendor_id(self) -> str:
        """The vendor's id."""
        return self.trust.root.vendor_id

    @property
    def lab(self) -> bool:
        """Whether this is a laboratory."""
        return self.trust.root.lab

    def signer(self) -> Signer:
        """How central answers devices of its own."""
        return Signer(self.vendor_id, None, self.response_key, {"device_ca": self.device_ca}, self.trust)

    def check(self) -> int:
        """Read all that is needed to answer, as it is on the disk; returns the version of the root.

        KeyUnreadableError for what is damaged, cut or another's: what that key signed would be refused everywhere.
        """
        for role, key in ((Role.RESPONSE, self.response_key), (Role.GRANT, self.grant_key)):
            if key.public.key_id not in self.trust.keys(role):
                raise KeyUnreadableError("keys/{name} holds another key than the root names", name=role_file(role))
        try:
            named = certificate_key(self.device_ca)
        except ExchangeError as error:
            raise KeyUnreadableError("keys/{name} is damaged", name=DEVICE_CA_CERTIFICATE) from error
        if named.key_id != self.device_ca_key.public.key_id:
            raise KeyUnreadableError("keys/{name} holds another key than its certificate", name=DEVICE_CA_KEY)
        _ = self.box
        return self.trust.root.version

    def missing(self) -> list[str]:
        """Files that are needed and not there."""
        roles = (role_file(Role.RESPONSE), role_file(Role.GRANT))
        wanted = (TRUST, BOX, DEVICE_CA_KEY, DEVICE_CA_CERTIFICATE, *roles)
        return [f"keys/{name}" for name in wanted if not (self.folder / name).is_file()]

    def _key(self, name: str) -> PrivateKey:
        try:
            return self._read(name, lambda: PrivateKey.from_pem(read_key_file(self.folder / name, KEY_BYTES), None))
        except ValueError as error:
            raise KeyUnreadableError("keys/{name} is damaged", name=name) from error

    def write_key(self, name: str, key: PrivateKey) -> None:
        """Store a key."""
        write_atomic(self.folder / name, key.to_pem(None))

    def write_trust(self, trust: Trust) -> None:
        """Store the chain of roots."""
        write_atomic(self.folder / TRUST, trust.save())
