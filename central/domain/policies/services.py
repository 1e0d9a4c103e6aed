"""Setting policies."""

from __future__ import annotations

from collections.abc import Mapping

from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from central.domain.policies.models import PolicySetting
from central.domain.policies.queries import policies
from central.domain.policies.rules import InvalidPolicyError, check_order, read_policy
from serverkit.db.unit import Unit


def set_policy(unit: Unit, key: str, text: str) -> dict[str, int | str]:
    """Set a policy; satellites learn what concerns them with their next response."""
    return set_policies(unit, {key: text})


def set_policies(unit: Unit, texts: Mapping[str, str]) -> dict[str, int | str]:
    """Set several policies at once, all or none; what stays as it is makes no event."""
    require(unit, Permission.VENDOR_MANAGE)
    values = {key: read_policy(key, text) for key, text in texts.items()}
    before = policies(unit)
    if int(values.get("agreement_version", before["agreement_version"])) < int(before["agreement_version"]):
        raise InvalidPolicyError("an agreement's version is never lowered")
    check_order({**before, **values})
    changed = {key: value for key, value in values.items() if value != before[key]}
    for key, value in changed.items():
        unit.session.merge(PolicySetting(key=key, value=value, changed_at=unit.now))
        subject = {"key": key, "old": before[key], "new": value}
        record(unit, None, EventKind.POLICY_CHANGED, f"policy {key} set to {value}", subject=subject)
    unit.session.flush()  # the caller reads the policies again
    return {**before, **changed}
