"""The policies: names, defaults and what each may be (rows C1.4, C10.3, C11.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from serverkit.errors import InvalidInputError, Remedy
from serverkit.names import did_you_mean


class InvalidPolicyError(InvalidInputError):
    """The refusal `invalid_policy`."""

    code = "invalid_policy"
    message = "The policy is unknown or does not allow this value."
    remedy = Remedy(
        "List the policies and their values with `central policy show`.", page="set-up.md#policies-of-the-vendor"
    )


@dataclass(frozen=True, slots=True)
class PolicySpec:
    """One policy; `read` brings a text into its type or raises ValueError."""

    default: int | str
    allowed: str
    read: Callable[[str], int | str]
    travels: bool


def _number(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isascii() or not text.isdecimal() or not least <= int(text) <= most:
            raise ValueError(text)
        return int(text)

    return read


def _word(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise ValueError(text)
        return text

    return read


POLICIES: Mapping[str, PolicySpec] = {
    "satellite_authorization": PolicySpec(
        "automatic", "automatic or approval", _word("automatic", "approval"), travels=False
    ),
    "sync_reminder_days": PolicySpec(30, "1 to 365", _number(1, 365), travels=True),
    "sync_overdue_days": PolicySpec(66, "1 to 365", _number(1, 365), travels=True),
    "sync_removal_days": PolicySpec(90, "2 to 365", _number(2, 365), travels=True),
    "grant_days": PolicySpec(365, "1 to 365", _number(1, 365), travels=True),
    "grant_delivery_days": PolicySpec(30, "1 to 90", _number(1, 90), travels=True),
    "agreement_grace_days": PolicySpec(30, "0 to 90", _number(0, 90), travels=True),
    "detach_days": PolicySpec(90, "0 to 365", _number(0, 365), travels=True),
    "transfer_reversal_days": PolicySpec(30, "0 to 365", _number(0, 365), travels=False),
    "agreement_version": PolicySpec(1, "1 to 1000000, never lowered", _number(1, 1_000_000), travels=False),
}


def read_policy(key: str, text: str) -> int | str:
    """The value of a policy from its text; InvalidPolicyError."""
    spec = POLICIES.get(key)
    if spec is None:
        raise InvalidPolicyError("there is no policy {key!r}{hint}", key=key[:60], hint=did_you_mean(key, POLICIES))
    try:
        return spec.read(text)
    except ValueError as error:
        raise InvalidPolicyError(
            "{key} cannot be {text!r}; it is {allowed}", key=key, text=text[:60], allowed=spec.allowed
        ) from error


def check_order(values: Mapping[str, int | str]) -> None:
    """Reminder before overdue before removal."""
    days = [int(values[name]) for name in ("sync_reminder_days", "sync_overdue_days", "sync_removal_days")]
    if not days[0] < days[1] < days[2]:
        raise InvalidPolicyError("reminder, overdue and removal must follow one another in this order")
