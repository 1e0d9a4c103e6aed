"""Prints the bill of materials in the form of CycloneDX 1.5, from the lock and the manifest of web files alone; no network.

The same sources give the same bytes: there is no time and no random number in it.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
_PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)", re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def libraries(lock: str) -> list[dict[str, Any]]:
    """The libraries of a lock, by name, each with the digests of its files."""
    places = list(_PIN.finditer(lock))
    ends = [*(one.start() for one in places[1:]), len(lock)]
    found = []
    for one, end in zip(places, ends, strict=True):
        name, version = one[1].lower().replace("_", "-"), one[2]
        digests = sorted(_HASH.findall(lock[one.end() : end]))
        component = _component(name, version, f"pkg:pypi/{name}@{version}")
        # The lock names every file of a version; which of them a machine gets depends on the machine.
        component["properties"] = [{"name": "perigee:file-sha256", "value": digest} for digest in digests]
        found.append(component)
    return sorted(found, key=lambda each: str(each["bom-ref"]))


def web_files(manifest: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The packages from which the pages have their style sheets and scripts, each with the digests of its files."""
    found: dict[str, dict[str, Any]] = {}
    for one in manifest:
        name, version = str(one["package"]), str(one["version"])
        purl = f"pkg:npm/{name.replace('@', '%40')}@{version}"
        component = found.setdefault(purl, {**_component(name, version, purl), "properties": []})
        component["licenses"] = [{"license": {"id": one["licence"]}}]
        component["properties"].append({"name": "perigee:file-sha256", "value": one["sha256"]})
    return [found[purl] for purl in sorted(found)]


def document(root: Path = ROOT) -> dict[str, Any]:
    """The bill of materials of what the packages install."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    lock = (root / "requirements" / "runtime.txt").read_text("utf-8")
    manifest = json.loads((root / "serverkit/web/static/vendor/manifest.json").read_text("utf-8"))
    own = f"pkg:generic/{project['name']}@{project['version']}"
    parts = [*libraries(lock), *web_files(manifest)]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application", "bom-ref": own, "name": project["name"], "version": project["version"], "purl": own,
                "licenses": [{"license": {"id": project["license"]}}],
            }
        },
        "components": parts,
        "dependencies": [{"ref": own, "dependsOn": [one["bom-ref"] for one in parts]}],
    }  # fmt: skip


def _component(name: str, version: str, purl: str) -> dict[str, Any]:
    return {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(document(), indent=1, sort_keys=True) + "\n")
