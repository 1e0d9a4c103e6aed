"""The key ceremony: root keys in a folder of the caller's, role keys in the home (row E2)."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from central.domain.trust.rules import ROOT_KEYS, THRESHOLD, ended_key, ended_root, first_root, next_root, with_role_key
from central.keyring import BOX, DEVICE_CA_CERTIFICATE, DEVICE_CA_KEY, KeyRing, role_file
from exchange.certificate_issuing import issue_device_ca
from exchange.keys import PrivateKey
from exchange.trust import Root, Trust, load_root, sign_root
from exchange.vocabulary import Role
from serverkit.errors import AppError, FileUnreadableError, InvalidInputError, RefusedError, Remedy
from serverkit.files import read_bounded, sync_folder, write_atomic
from serverkit.founding import make_private
from serverkit.ids import new_id
from serverkit.locks import held_folder
from serverkit.names import check_name
from serverkit.owner import make_folder
from serverkit.secrets_box import SecretBox

PASSPHRASE_FILE = "passphrase"
KEY_BYTES = 16_384
NEXT = ".next"
"""Ends the name of a key that waits for the root to name it."""


class RootKeysExistError(InvalidInputError):
    """The refusal `root_keys_exist`."""

    code = "root_keys_exist"
    message = "The folder holds root keys already."
    remedy = Remedy("Choose an empty folder; root keys are never overwritten.", page="set-up.md#central")


class RootKeyUnreadableError(AppError):
    """The refusal `root_keys_unreadable`."""

    code = "root_keys_unreadable"
    message = "The root keys cannot be opened: they are missing or the passphrase is wrong."
    remedy = Remedy(
        "Name the folder with the root keys of this central and the correct --passphrase-file.",
        page="set-up.md#central",
    )


class TrustEndedError(RefusedError):
    """The refusal `trust_ended`."""

    code = "trust_ended"
    message = "The root or a role key has expired: it can no longer authorize anything new."
    remedy = Remedy(
        "Replace it with `central root rotate` or `central role-key replace`; earlier signatures stay valid.",
        page="set-up.md#central",
    )


@dataclass(frozen=True, slots=True)
class Passphrase:
    """A passphrase and the file that holds it; never shown."""

    text: bytes
    file: Path

    def __repr__(self) -> str:
        """Name the file only."""
        return f"Passphrase({self.file.name})"


def read_passphrase(file: Path) -> Passphrase:
    """Read a passphrase from its file."""
    text = read_bounded(file, 4096).strip()
    if len(text) < 8:
        raise RootKeyUnreadableError("a passphrase has at least 8 characters")
    return Passphrase(text, file)


def make_passphrase(folder: Path) -> Passphrase:
    """Make a passphrase beside the keys; the caller tells the person to carry it elsewhere."""
    server = Passphrase(secrets.token_urlsafe(32).encode(), folder / PASSPHRASE_FILE)
    if server.file.exists():
        raise RootKeysExistError("{name} holds a passphrase already", name=folder.name)
    write_atomic(server.file, server.text + b"\n")
    return server


def root_key_file(folder: Path, number: int, version: int = 1) -> Path:
    """The file of a root key."""
    suffix = "" if version == 1 else f"-v{version}"
    return folder / f"root-{number}{suffix}.pem"


@contextmanager
def new_root_folder(folder: Path) -> Iterator[None]:
    """Hold the folder for new root keys; refuse one that holds some. What was written goes again if the block fails."""
    try:
        make_folder(folder)
        before = set(folder.iterdir())
        make_private(folder)
    except OSError as error:
        raise FileUnreadableError("cannot use {name}: {reason}", name=folder.name, reason=error.strerror) from error
    with ExitStack() as held:
        alone = True
        with suppress(OSError):  # a share that knows no locks
            try:
                held.enter_context(held_folder(folder))
            except BlockingIOError:
                alone = False
        if not alone or any(folder.glob("root-*.pem")):
            raise RootKeysExistError("{name} holds root keys already, or is getting them now", name=folder.name)
        try:
            yield
        except BaseException:
            for path in (*folder.glob("root-*.pem"), folder / PASSPHRASE_FILE):
                if path not in before:
                    path.unlink(missing_ok=True)
            raise


def create_trust(
    keyring: KeyRing, vendor: str, folder: Path, passphrase: Passphrase, now: datetime, *, lab: bool
) -> Trust:
    """Make every key and the first root."""
    check_name("vendor", vendor)
    roots = [PrivateKey.generate() for _ in range(ROOT_KEYS)]
    roles = {role: PrivateKey.generate() for role in Role}
    root = first_root(
        new_id(), vendor, [key.public for key in roots], {r: k.public for r, k in roles.items()}, now, lab=lab
    )
    trust = load_root(sign_root(root, roots[:THRESHOLD]))
    _write_root_keys(folder, roots, passphrase, 1)
    make_folder(keyring.folder)
    for role, key in roles.items():
        keyring.write_key(role_file(role), key)
    ca_key = PrivateKey.generate()
    keyring.write_key(DEVICE_CA_KEY, ca_key)
    ca = issue_device_ca(ca_key.public, None, roles[Role.RESPONSE], now)
    write_atomic(keyring.folder / DEVICE_CA_CERTIFICATE, ca)
    SecretBox.create(keyring.folder / BOX)
    keyring.write_trust(trust)
    return trust


def _write_root_keys(folder: Path, keys: list[PrivateKey], passphrase: Passphrase, version: int) -> None:
    for number, key in enumerate(keys, start=1):
        write_atomic(root_key_file(folder, number, version), key.to_pem(passphrase.text))


def _open_root_keys(folder: Path, root: Root, passphrase: Passphrase) -> list[PrivateKey]:
    wanted = set(root.keys_by_id())
    found: dict[str, PrivateKey] = {}
    for file in sorted(folder.glob("root-*.pem")):
        try:
            key = PrivateKey.from_pem(read_bounded(file, KEY_BYTES), passphrase.text)
        except ValueError as error:
            raise RootKeyUnreadableError("{name} cannot be opened with this passphrase", name=file.name) from error
        if key.public.key_id in wanted:
            found[key.public.key_id] = key
    if len(found) < root.threshold:
        raise RootKeyUnreadableError(
            "{count} of this central's root keys were found, {threshold} are needed",
            count=len(found),
            threshold=root.threshold,
        )
    return list(found.values())


def rotate_root(keyring: KeyRing, folder: Path, passphrase: Passphrase, now: datetime) -> Trust:
    """Replace the root keys: the next version is signed by the threshold of the old and of the new ones."""
    old = _open_root_keys(folder, keyring.trust.root, passphrase)
    new = [PrivateKey.generate() for _ in range(ROOT_KEYS)]
    root = next_root(keyring.trust.root, now, keys=[key.public for key in new])
    trust = keyring.trust.advance([sign_root(root, [*old[:THRESHOLD], *new[:THRESHOLD]])])
    _write_root_keys(folder, new, passphrase, root.version)
    keyring.write_trust(trust)
    return trust


def replace_role_key(
    keyring: KeyRing, role: Role, folder: Path, passphrase: Passphrase, now: datetime, *, revoke: bool
) -> Trust:
    """Give a role another key; earlier signatures of the old one stay valid unless it is revoked."""
    signers = _open_root_keys(folder, keyring.trust.root, passphrase)
    key = PrivateKey.generate()
    root = with_role_key(keyring.trust.root, role, key.public, now, revoke=revoke)
    trust = keyring.trust.advance([sign_root(root, signers[:THRESHOLD])])
    keyring.write_key(role_file(role) + NEXT, key)
    keyring.write_trust(trust)
    finish_replacement(keyring, now)
    return trust


def finish_replacement(keyring: KeyRing, now: datetime) -> None:
    """Take over a role's next key that the root names already, also after a process died before it did."""
    for role in Role:
        following = keyring.folder / (role_file(role) + NEXT)
        if not following.is_file():
            continue
        key = PrivateKey.from_pem(read_bounded(following, KEY_BYTES), None)
        if key.public.key_id not in keyring.trust.keys(role):
            continue
        if role is Role.RESPONSE:
            ca = issue_device_ca(keyring.device_ca_key.public, None, key, now)
            write_atomic(keyring.folder / DEVICE_CA_CERTIFICATE, ca)
        with suppress(FileNotFoundError):  # another process was faster
            following.replace(keyring.folder / role_file(role))
        sync_folder(keyring.folder)


def require_valid_keys(keyring: KeyRing, now: datetime, *, change: bool) -> None:
    """Refuse to sign with a response key that has ended; refuse a `change` of trust under an ended root, too.

    Devices go on meanwhile, and what was signed in time stands.
    """
    root = keyring.trust.root
    reason = ended_key(root, Role.RESPONSE, now) or (ended_root(root, now) if change else None)
    if reason is not None:
        raise TrustEndedError(reason)
