"""Setting policies."""

from __future__ import annotations

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
    require(unit, Permission.VENDOR_MANAGE)
    value = read_policy(key, text)
    before = policies(unit)
    if key == "agreement_version" and int(value) < int(before[key]):
        raise InvalidPolicyError("an agreement's version is never lowered")
    check_order({**before, key: value})
    if value == before[key]:
        return before
    unit.session.merge(PolicySetting(key=key, value=value, changed_at=unit.now))
    record(
        unit,
        None,
        EventKind.POLICY_CHANGED,
        f"policy {key} set to {value}",
        subject={"key": key, "old": before[key], "new": value},
    )
    unit.session.flush()  # the caller reads the policies again
    return policies(unit)
