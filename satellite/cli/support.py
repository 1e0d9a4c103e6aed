"""`satellite support` (row S3.5)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from satellite.actions import support as actions
from satellite.cli.base import group, opened
from satellite.runtime import Satellite
from serverkit.actor import OPERATOR
from serverkit.cli.support import add_support_commands


class _Bundles:
    def preview(self, server: Satellite, parts: Sequence[str]) -> list[dict[str, Any]]:
        """The files that a bundle would hold."""
        return actions.preview_bundle(server, OPERATOR, parts)

    def write(self, server: Satellite, path: Path, parts: Sequence[str], key: str) -> int:
        """Write a bundle."""
        return actions.write_bundle(server, OPERATOR, path, lambda _stage: None, parts, key)


add_support_commands(group, actions.PARTS, _Bundles(), opened)
