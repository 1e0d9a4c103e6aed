"""Copies what the consoles carry from other projects into the package; the copies are committed, a build needs no npm.

Run `npm ci` in this folder first (scripts of packages are off, `.npmrc`), then this. Two runs give the same files.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
VENDOR = ROOT / "serverkit" / "web" / "static" / "vendor"
FOR_TESTS = ROOT / "tests" / "browser" / "vendor"
# Package -> its licence file (None: the package ships none, the text is beside this program) and what is copied.
SHIPPED: dict[str, tuple[str | None, tuple[str, ...]]] = {
    "@tabler/core": (None, ("dist/css/tabler.min.css", "dist/css/tabler.rtl.min.css")),
    "htmx.org": ("LICENSE", ("dist/htmx.min.js",)),
    "tom-select": ("LICENSE", ("dist/js/tom-select.complete.min.js", "dist/css/tom-select.bootstrap5.min.css")),
}
TESTED_WITH: dict[str, tuple[str | None, tuple[str, ...]]] = {"axe-core": ("LICENSE", ("axe.min.js",))}
_MAP = re.compile(rb"\n?(//# sourceMappingURL=\S+|/\*# sourceMappingURL=[^*]+\*/)\s*$")


def main() -> None:
    """Copy both lists."""
    locked = json.loads((HERE / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    copy(SHIPPED, VENDOR, locked)
    copy(TESTED_WITH, FOR_TESTS, locked)


def copy(
    wanted: dict[str, tuple[str | None, tuple[str, ...]]], target: Path, locked: dict[str, dict[str, str]]
) -> None:
    """Replace a folder by the files of a list, their licences and `manifest.json`."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    entries = []
    for package, (licence, files) in sorted(wanted.items()):
        source, plain = HERE / "node_modules" / package, package.strip("@").replace("/", "-")
        lock = locked[f"node_modules/{package}"]
        text = source / licence if licence else HERE / f"{plain}.LICENSE"
        (target / f"{plain}.LICENSE").write_bytes(text.read_bytes())
        for file in files:
            data = _MAP.sub(b"\n", (source / file).read_bytes())
            name = Path(file).name
            (target / name).write_bytes(data)
            entries.append(
                {
                    "file": name,
                    "package": package,
                    "version": lock["version"],
                    "licence": lock.get("license", "MIT"),
                    "licence_file": f"{plain}.LICENSE",
                    "integrity": lock["integrity"],
                    "sha256": hashlib.sha256(data).hexdigest(),
                }
            )
    manifest = json.dumps(sorted(entries, key=lambda entry: entry["file"]), indent=2)
    (target / "manifest.json").write_text(manifest + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
