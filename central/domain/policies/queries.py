"""Reading policies."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from central.domain.policies.models import PolicySetting
from central.domain.policies.rules import POLICIES
from serverkit.db.unit import Unit


def policies(unit: Unit) -> dict[str, int | str]:
    """Every policy with its present value."""
    found = {row.key: row.value for row in unit.session.scalars(select(PolicySetting))}
    return {key: found.get(key, spec.default) for key, spec in POLICIES.items()}


def policy_number(unit: Unit, key: str) -> int:
    """A policy that is a number."""
    return int(policies(unit)[key])


def travelling_policies(unit: Unit) -> dict[str, int | str]:
    """Policies for satellites."""
    return {key: value for key, value in policies(unit).items() if POLICIES[key].travels}


def changed_at(unit: Unit, key: str) -> datetime | None:
    """When a policy got its present value; None for the default."""
    return unit.session.scalar(select(PolicySetting.changed_at).where(PolicySetting.key == key))
