"""What revoking and removing a registration token does (pure; row S3.2)."""

from __future__ import annotations

from serverkit.auth.tokens import TokenActiveError
from serverkit.verdicts import Verdict

USABLE = frozenset({"active", "used_up"})


def judge_revocation(name: str, state: str) -> Verdict:
    """Revoking is always allowed; a token that registers nothing any more stays as it is."""
    if state not in USABLE:
        return Verdict(warnings=(f"{name} registers no device any more",))
    return Verdict(effects=(f"no device registers with {name} any more; those that did stay registered",))


def judge_token_removal(name: str, state: str) -> Verdict:
    """Only a token that registers nothing any more leaves the list; one whose uses are taken is to be revoked first."""
    if state in USABLE:
        return Verdict((TokenActiveError("{name} is still valid: revoke it first", name=name),))
    return Verdict(effects=(f"{name} leaves the list; the event log keeps it",))
