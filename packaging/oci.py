"""Make an OCI image archive of one root file system; the same bytes give the same image.

oci.py ROOT.tar OUT.tar --name NAME:TAG --user USER --volume DIR --port N -- COMMAND...
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import json
import os
import shutil
import tarfile
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

MEDIA = "application/vnd.oci.image"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
PIECE = 1 << 20


def digest_of(file: IO[bytes]) -> tuple[str, int]:
    """SHA-256 and size of an open file, which is at its beginning again afterwards."""
    found, size = hashlib.sha256(), 0
    file.seek(0)
    while data := file.read(PIECE):
        found.update(data)
        size += len(data)
    file.seek(0)
    return found.hexdigest(), size


def packed(root: Path) -> tuple[str, IO[bytes]]:
    """The digest of a layer as it is, and the layer packed without a name and a time."""
    out = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    with root.open("rb") as plain:
        inner, _ = digest_of(plain)
        with gzip.GzipFile("", "wb", 6, out, mtime=0) as layer:
            shutil.copyfileobj(plain, layer, PIECE)
    return inner, out


def make_image(root: Path, out: Path, wanted: argparse.Namespace, epoch: int, machine: str) -> str:
    """Write the archive; the digest of its manifest."""
    inner, layer = packed(root)
    created = datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    with layer, tarfile.open(out, "w", format=tarfile.USTAR_FORMAT) as archive:

        def add(name: str, data: IO[bytes], size: int) -> None:
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime, entry.mode = size, epoch, 0o644
            archive.addfile(entry, data)

        def add_blob(data: IO[bytes], media: str) -> dict[str, Any]:
            digest, size = digest_of(data)
            add(f"blobs/sha256/{digest}", data, size)
            return {"mediaType": f"{MEDIA}.{media}", "digest": f"sha256:{digest}", "size": size}

        def add_json(value: Any, media: str) -> dict[str, Any]:
            return add_blob(io.BytesIO(as_json(value)), media)

        layers = [add_blob(layer, "layer.v1.tar+gzip")]
        config = {
            "created": created,
            "architecture": ARCHITECTURES.get(machine, machine),
            "os": "linux",
            "config": {
                "User": wanted.user,
                "ExposedPorts": {f"{wanted.port}/tcp": {}},
                "Volumes": {wanted.volume: {}},
                "Cmd": wanted.command,
                "StopSignal": "SIGTERM",
            },
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{inner}"]},
            "history": [{"created": created, "created_by": "packaging/image.sh"}],
        }
        manifest = add_json(
            {
                "schemaVersion": 2,
                "mediaType": f"{MEDIA}.manifest.v1+json",
                "config": add_json(config, "config.v1+json"),
                "layers": layers,
            },
            "manifest.v1+json",
        )
        named = {**manifest, "annotations": {"org.opencontainers.image.ref.name": wanted.name}}
        for name, value in (
            ("index.json", {"schemaVersion": 2, "manifests": [named]}),
            ("oci-layout", {"imageLayoutVersion": "1.0.0"}),
        ):
            data = as_json(value)
            add(name, io.BytesIO(data), len(data))
    return str(manifest["digest"])


def as_json(value: Any) -> bytes:
    """JSON in one form."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def main(argv: list[str] | None = None) -> None:
    """Read the options, make the image, print its digest."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path)
    parser.add_argument("out", type=Path)
    for name in ("--name", "--user", "--volume", "--port"):
        parser.add_argument(name, required=True)
    parser.add_argument("command", nargs="+")
    wanted = parser.parse_args(argv)
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
    print(make_image(wanted.root, wanted.out, wanted, epoch, os.uname().machine))


if __name__ == "__main__":
    main()
