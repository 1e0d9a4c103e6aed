"""Update files as `make bundle` lays them out, without Debian."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

VENDOR = Ed25519PrivateKey.from_private_bytes(b"v" * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
TOP = "perigee-2.0.0-bookworm-amd64"


def public_pem(key: Ed25519PrivateKey = VENDOR) -> bytes:
    """What a machine keeps of a release key."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def contents(version: str = "2.0.0", **manifest: Any) -> dict[str, bytes]:
    """The files inside, without list and signature."""
    said = {"product": "perigee", "version": version, "debian": "bookworm", "architecture": "amd64", **manifest}
    return {
        "bundle.json": json.dumps(said).encode(),
        f"packages/perigee-common_{version}_amd64.deb": b"common",
        f"packages/perigee-satellite_{version}_all.deb": b"satellite",
        "Packages": b"",
    }


def update_file(
    target: Path,
    files: dict[str, bytes] | None = None,
    key: Ed25519PrivateKey = VENDOR,
    listed: dict[str, bytes] | None = None,
    extra: tuple[tarfile.TarInfo, ...] = (),
) -> Path:
    """Write an update file; `listed` is what the signed list says where it differs from what is inside."""
    inside = contents() if files is None else files
    lines = (inside if listed is None else listed).items()
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  ./{name}\n" for name, data in sorted(lines)).encode()
    with tarfile.open(target, "w") as archive:
        for name, data in {**inside, "SHA256SUMS": sums, "SHA256SUMS.sig": key.sign(sums)}.items():
            entry = tarfile.TarInfo(f"{TOP}/{name}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
        for one in extra:
            archive.addfile(one, io.BytesIO(b""))
    return target
