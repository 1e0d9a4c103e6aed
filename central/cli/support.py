"""`central support` (row S3.5)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from central.actions import support as actions
from central.cli.base import group, opened
from central.runtime import Central
from serverkit.actor import OPERATOR
from serverkit.cli.support import add_support_commands


class _Bundles:
    def preview(self, server: Central, parts: Sequence[str]) -> list[dict[str, Any]]:
        """The files that a bundle would hold."""
        return actions.preview_bundle(server, OPERATOR, parts)

    def write(self, server: Central, path: Path, parts: Sequence[str], key: str) -> int:
        """Write a bundle."""
        return actions.write_bundle(server, OPERATOR, path, parts, key)


add_support_commands(group, actions.PARTS, _Bundles(), opened)
