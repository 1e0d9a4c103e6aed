"""Use cases of the vendor's policies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from central.domain.policies import queries, services
from central.domain.policies.rules import POLICIES
from serverkit.db.unit import Unit


def show_policies(unit: Unit) -> dict[str, Any]:
    """Show every policy with its value."""
    return dict(queries.policies(unit))


def allowed_values(key: str) -> str:
    """What a policy allows, in words."""
    return POLICIES[key].allowed


def set_policy(unit: Unit, key: str, value: str) -> dict[str, Any]:
    """Set a policy and show every one."""
    return dict(services.set_policy(unit, key, value))


def set_policies(unit: Unit, values: Mapping[str, str]) -> dict[str, Any]:
    """Set several policies, all or none, and show every one."""
    return dict(services.set_policies(unit, values))
