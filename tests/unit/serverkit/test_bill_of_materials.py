"""The bill of materials: what the lock and the manifest of web files name, and nothing that changes by itself."""

from __future__ import annotations

import re

import pytest

from tools.sbom import ROOT, document, libraries


@pytest.mark.row("B16")
def test_the_bill_names_every_library_of_the_lock_with_its_digests() -> None:
    """Each once, with version and digests; packages of the pages beside them with their licences."""
    lock = (ROOT / "requirements" / "runtime.txt").read_text("utf-8")
    found = document()
    parts = {one["purl"]: one for one in found["components"]}
    pins = set(re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", lock, re.MULTILINE))

    assert (found["bomFormat"], found["specVersion"]) == ("CycloneDX", "1.5")
    assert {f"pkg:pypi/{name}@{version}" for name, version in pins} == {one for one in parts if "pkg:pypi" in one}
    assert all(one["properties"] for one in parts.values())
    assert "pkg:npm/%40tabler/core@1.6.1" in parts
    assert found["dependencies"][0]["dependsOn"] == list(parts)
    assert "serialNumber" not in found
    assert set(found["metadata"]) == {"component"}, "a time would make two builds differ"
    assert sum(len(one["properties"]) for one in libraries(lock)) == lock.count("--hash=sha256:")
