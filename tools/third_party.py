"""Prints the licence of every library in an environment and of every file that pages bring: `third_party.py FOLDER`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

OWN = "perigee"
TEXTS = ("licen", "copying", "notice", "authors")


def entries(environment: Path) -> Iterator[str]:
    """A heading and the texts of each library, by name."""
    folders = [str(one) for one in sorted(environment.glob("lib/python3*/site-packages"))]
    found = {one.metadata["Name"].lower(): one for one in distributions(path=folders)}
    for name in sorted(found.keys() - {OWN}):
        yield _entry(found[name])
    for folder in folders:
        yield from _assets(Path(folder) / "serverkit/web/static/vendor")


def _entry(one: Distribution) -> str:
    meta = one.metadata
    licence = meta["License-Expression"] or next(
        (
            value.rpartition(" :: ")[2]
            for key, value in meta.items()
            if key == "Classifier" and value.startswith("License")
        ),
        (meta["License"] or "see the text below").splitlines()[0],
    )
    home = next(
        (value.partition(", ")[2] for key, value in meta.items() if key == "Project-URL"), meta["Home-page"] or ""
    )
    head = f"{meta['Name']} {meta['Version']}\nLicence: {licence}\nSource: {home}\n"
    return "\n\n".join([head, *_texts(Path(str(one.locate_file(""))), meta["Name"], meta["Version"])])


def _texts(site: Path, name: str, version: str) -> Iterator[str]:
    folder = next(
        (
            one
            for one in sorted(site.glob("*.dist-info"))
            if one.name.lower().replace("-", "_").startswith(f"{name}-{version}".lower().replace("-", "_"))
        ),
        None,
    )
    if folder is not None:
        for file in sorted(folder.rglob("*")):
            if file.is_file() and any(word in file.name.lower() for word in TEXTS):
                yield file.read_text("utf-8", "replace").strip()


def _assets(vendor: Path) -> Iterator[str]:
    if not vendor.is_dir():
        return
    manifest = vendor / "manifest.json"
    if manifest.is_file():
        yield "Files that the pages bring\n\n" + json.dumps(json.loads(manifest.read_text("utf-8")), indent=1)
    for file in sorted(vendor.rglob("*")):
        if file.is_file() and any(word in file.name.lower() for word in TEXTS):
            yield f"{file.relative_to(vendor)}\n\n{file.read_text('utf-8', 'replace').strip()}"


if __name__ == "__main__":
    rule = f"\n\n{'-' * 78}\n\n"
    print("The programs of Perigee contain these libraries, unchanged." + rule + rule.join(entries(Path(sys.argv[1]))))
