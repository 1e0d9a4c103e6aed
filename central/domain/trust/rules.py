"""Making and changing root documents: pure (row E2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from exchange.compliance import until
from exchange.keys import PublicKey
from exchange.trust import RoleKey, Root
from exchange.vocabulary import KeyState, Role

ROOT_KEYS = 3
THRESHOLD = 2
ROOT_LIFE = timedelta(days=730)
ROLE_LIFE = timedelta(days=365)


def ended_root(root: Root, now: datetime) -> str | None:
    """When the root has ended: says so; None where it stands."""
    return f"the root was valid {until(root.expires)}" if now >= root.expires else None


def ended_key(root: Root, role: Role, now: datetime) -> str | None:
    """When the key of a role has ended: says so; None where it stands."""
    ends = [key.not_after for key in root.role_keys if key.role is role and key.state is KeyState.ACTIVE]
    return f"the {role.value} key was valid {until(max(ends))}" if ends and now > max(ends) else None


def first_root(
    vendor_id: str, name: str, keys: Sequence[PublicKey], roles: dict[Role, PublicKey], now: datetime, *, lab: bool
) -> Root:
    """Version 1: three root keys, two of which must sign, and one key for each role."""
    return Root(
        version=1,
        vendor_id=vendor_id,
        vendor_name=name,
        created=now,
        expires=now + ROOT_LIFE,
        lab=lab,
        threshold=THRESHOLD,
        root_keys=tuple(keys),
        role_keys=tuple(RoleKey(role, key, now - timedelta(minutes=5), now + ROLE_LIFE) for role, key in roles.items()),
    )


def next_root(root: Root, now: datetime, *, keys: Sequence[PublicKey] | None = None) -> Root:
    """The next version, with other root keys where they are given."""
    return replace(
        root,
        version=root.version + 1,
        created=now,
        expires=now + ROOT_LIFE,
        root_keys=tuple(keys) if keys is not None else root.root_keys,
    )


def with_role_key(root: Root, role: Role, key: PublicKey, now: datetime, *, revoke: bool) -> Root:
    """The next version with another key for a role: the old one is expired as of now, or revoked."""

    def retire(entry: RoleKey) -> RoleKey:
        if entry.role is not role or entry.state is not KeyState.ACTIVE:
            return entry
        if revoke:
            return replace(entry, state=KeyState.REVOKED)
        return replace(entry, state=KeyState.EXPIRED, not_after=min(entry.not_after, now))

    added = RoleKey(role, key, now - timedelta(minutes=5), now + ROLE_LIFE)
    newer = next_root(root, now)
    return replace(newer, role_keys=(*(retire(entry) for entry in root.role_keys), added))


def ends_of(root: Root) -> dict[str, datetime]:
    """When the root and the active key of each role end."""
    ends = {"root": root.expires}
    for key in root.role_keys:
        if key.state is KeyState.ACTIVE:
            ends[key.role.value] = max(key.not_after, ends.get(key.role.value, key.not_after))
    return ends
