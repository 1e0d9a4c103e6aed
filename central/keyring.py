"""Central's keys: each in a file of its own, readable by its owner only, opened when first needed."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from chassis.errors import HomeMissingError
from chassis.files import read_bounded, write_atomic
from chassis.secrets_box import SecretBox
from exchange.device.desk import Signer
from exchange.keys import PrivateKey
from exchange.trust import Trust
from exchange.vocabulary import Role

TRUST = "trust.json"
BOX = "secrets.key"
DEVICE_CA_KEY = "device-ca.pem"
DEVICE_CA_CERTIFICATE = "device-ca.der"
KEY_BYTES = 16_384
TRUST_BYTES = 16 * 1024 * 1024


def role_file(role: Role) -> str:
    """The file of a role's key."""
    return f"{role.value}.pem"


class KeyRing:
    """The keys in a folder."""

    def __init__(self, folder: Path) -> None:
        """`folder` is HOME/keys."""
        self.folder = folder

    @property
    def exists(self) -> bool:
        """Whether this folder was set up."""
        return (self.folder / TRUST).exists()

    @cached_property
    def trust(self) -> Trust:
        """The root, with the chain that leads to it."""
        if not self.exists:
            raise HomeMissingError("this home has no root of trust")
        return Trust.restore(read_bounded(self.folder / TRUST, TRUST_BYTES))

    @cached_property
    def response_key(self) -> PrivateKey:
        """The key that signs what goes to satellites and devices."""
        return self._key(role_file(Role.RESPONSE))

    @cached_property
    def grant_key(self) -> PrivateKey:
        """The key that signs restricted rights, and nothing else."""
        return self._key(role_file(Role.GRANT))

    @cached_property
    def device_ca_key(self) -> PrivateKey:
        """The CA of devices that are connected to central itself."""
        return self._key(DEVICE_CA_KEY)

    @cached_property
    def device_ca(self) -> bytes:
        """That CA's certificate (DER)."""
        return read_bounded(self.folder / DEVICE_CA_CERTIFICATE, KEY_BYTES)

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

    def missing(self) -> list[str]:
        """Files that are needed and not there."""
        roles = (role_file(Role.RESPONSE), role_file(Role.GRANT))
        wanted = (TRUST, BOX, DEVICE_CA_KEY, DEVICE_CA_CERTIFICATE, *roles)
        return [f"keys/{name}" for name in wanted if not (self.folder / name).is_file()]

    def _key(self, name: str) -> PrivateKey:
        return PrivateKey.from_pem(read_bounded(self.folder / name, KEY_BYTES), None)

    def write_key(self, name: str, key: PrivateKey) -> None:
        """Store a key."""
        write_atomic(self.folder / name, key.to_pem(None))

    def write_trust(self, trust: Trust) -> None:
        """Store the chain of roots."""
        write_atomic(self.folder / TRUST, trust.save())
