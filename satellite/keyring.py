"""The satellite's keys: made here, each in a file of its own, named by its public id."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from exchange.errors import ExchangeError
from exchange.keys import PrivateKey
from exchange.trust import Trust
from serverkit.errors import KeyFileMissingError, KeyUnreadableError
from serverkit.files import write_atomic
from serverkit.key_files import read_key_file
from serverkit.secrets_box import SecretBox

TRUST = "trust.json"
BOX = "secrets.key"
PSEUDONYMS = "pseudonyms.key"
KEY_BYTES = 16_384
PSEUDONYM_BYTES = 32
TRUST_BYTES = 16 * 1024 * 1024


class KeyRing:
    """The keys in a folder."""

    def __init__(self, folder: Path) -> None:
        """`folder` is HOME/keys."""
        self.folder = folder
        self._keys: dict[str, PrivateKey] = {}
        self._trust: tuple[tuple[int, int, int], Trust] | None = None

    @property
    def exists(self) -> bool:
        """Whether this folder was set up."""
        return (self.folder / TRUST).exists()

    @property
    def trust(self) -> Trust:
        """The pinned root, with the chain that leads to it; another process may have moved it on."""
        try:
            found = (self.folder / TRUST).stat()
        except FileNotFoundError:
            raise KeyFileMissingError("keys/{name} is missing", name=TRUST) from None
        mark = (found.st_ino, found.st_mtime_ns, found.st_size)
        held = self._trust
        if held is None or held[0] != mark:
            # Every change replaces the file, so that it is another one: only then is the chain walked again.
            try:
                held = self._trust = (mark, Trust.restore(read_key_file(self.folder / TRUST, TRUST_BYTES)))
            except ExchangeError as error:
                raise KeyUnreadableError("keys/{name} is damaged", name=TRUST) from error
        return held[1]

    def write_trust(self, trust: Trust) -> None:
        """Store the chain of roots."""
        write_atomic(self.folder / TRUST, trust.save())

    def adopt_trust(self, trust: Trust) -> None:
        """Store a chain of roots that an imported file leads to, unless another process stored a newer one."""
        if trust.root.version >= self.trust.root.version:
            self.write_trust(trust)

    @cached_property
    def box(self) -> SecretBox:
        """Encrypts secrets at rest."""
        return SecretBox.open(self.folder / BOX)

    @cached_property
    def pseudonym_key(self) -> bytes:
        """Makes pseudonyms that stay the same and cannot be guessed."""
        key = read_key_file(self.folder / PSEUDONYMS, KEY_BYTES)
        if len(key) != PSEUDONYM_BYTES:  # another key would make other pseudonyms of the same names
            raise KeyUnreadableError("keys/{name} is damaged", name=PSEUDONYMS)
        return key

    def make_key(self) -> str:
        """Make and store a key; returns its id."""
        key = PrivateKey.generate()
        write_atomic(self._file(key.public.key_id), key.to_pem(None))
        self._keys[key.public.key_id] = key
        return key.public.key_id

    def key(self, key_id: str) -> PrivateKey:
        """A key by its id."""
        if key_id not in self._keys:
            file = self._file(key_id)
            try:
                found = PrivateKey.from_pem(read_key_file(file, KEY_BYTES), None)
            except ValueError as error:
                raise KeyUnreadableError("keys/{name} is damaged", name=file.name) from error
            if found.public.key_id != key_id:
                raise KeyUnreadableError("keys/{name} holds another key", name=file.name)
            self._keys[key_id] = found
        return self._keys[key_id]

    def check(self, key_ids: list[str]) -> int:
        """Read all that is needed to answer, as it is on the disk; returns the version of the root.

        KeyFileMissingError or KeyUnreadableError for what is missing, damaged, cut or another's.
        """
        for key_id in key_ids:
            self.key(key_id)
        _ = self.pseudonym_key, self.box
        return self.trust.root.version

    def missing(self, key_ids: list[str]) -> list[str]:
        """Missing files, among those that are always needed and those of some keys."""
        wanted = [self.folder / name for name in (TRUST, BOX, PSEUDONYMS)] + [self._file(key_id) for key_id in key_ids]
        return [f"keys/{path.name}" for path in wanted if not path.is_file()]

    def key_ids(self) -> set[str]:
        """Ids of the keys that are here, whichever they are."""
        return {path.stem.removeprefix("key-") for path in self.folder.glob("key-*.pem")}

    def _file(self, key_id: str) -> Path:
        return self.folder / f"key-{key_id}.pem"
