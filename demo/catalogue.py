"""From the sample tables to a catalogue file, with a stable tag for what has no public one.

The rule: an entitlement without a public tag is named `regid.2026-01.com.example.NAME,VERSION_UUID`. NAME is the
entitlement's name with everything but letters and digits made an underscore; VERSION is its version, or 1.0; UUID is
the version 5 UUID, in the name space below, of platform, name, description, version and SKU joined with `|`. The same
row therefore always has the same tag, on every machine, and two rows of one name have different tags.
"""

from __future__ import annotations

import csv
import io
import re
import uuid
from collections.abc import Iterable
from pathlib import Path

SPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://example.com/perigee/entitlement-tags")
COLUMNS = ("kind", "tag", "name", "description", "restricted", "family", "products")


def stable_tag(row: dict[str, str]) -> str:
    """The tag of a row of the entitlements' table: the public one, or the one of the rule."""
    if row["entitlement_tag"]:
        return row["entitlement_tag"]
    text = "|".join(row[column] for column in ("platform", "name", "description", "version", "sku"))
    name = re.sub(r"[^A-Za-z0-9]+", "_", row["name"]).strip("_")
    version = row["version"] if re.fullmatch(r"[0-9][0-9.]*", row["version"]) else "1.0"
    return f"regid.2026-01.com.example.{name},{version}_{uuid.uuid5(SPACE, text)}"


def catalogue_text(data: Path) -> str:
    """The catalogue as CSV: every entitlement, and every product that has an id."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    seen: set[str] = set()
    for row in [*_entitlements(data / "entitlements.csv"), *_products(data / "products.csv")]:
        if row["tag"] not in seen:
            seen.add(row["tag"])
            writer.writerow(row)
    return out.getvalue()


def _entitlements(path: Path) -> Iterable[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield {
                "kind": "entitlement",
                "tag": stable_tag(row),
                "name": row["name"][:255],
                "description": row["description"][:1000],
                "restricted": "yes" if row["restricted"] == "yes" else "no",
                "family": row["platform"],
                "products": "",
            }


def _products(path: Path) -> Iterable[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield {
                "kind": "product",
                "tag": row["product_tag"] or row["pid"],
                "name": row["pid"],
                "description": row["kind"],
                "restricted": "no",
                "family": row["family"],
                "products": "",
            }
