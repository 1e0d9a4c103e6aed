"""Use cases of conversion by settings: see and change them, convert now, finish what is in progress (row C9.4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.queries import by_domain, virtual_account, virtual_accounts
from central.domain.conversions import runs
from central.domain.conversions.models import ConversionSetting
from central.domain.conversions.queries import setting_of
from central.domain.conversions.rules import SourceKind
from serverkit.clock import optional_iso
from serverkit.db.unit import Unit


def show_settings(unit: Unit, domain: str, kind: SourceKind) -> dict[str, Any]:
    """What is converted by itself of an account's PAKs or devices; an empty list means all of them."""
    account = by_domain(unit, domain)
    require(unit, Permission.CONVERSION_MANAGE, account.id)
    return _shown(unit, setting_of(unit, account.id, kind))


def change_settings(
    unit: Unit,
    domain: str,
    kind: SourceKind,
    *,
    enabled: bool | None = None,
    virtual_account_names: Sequence[str] | None = None,
    products: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Change what is named; no names mean all virtual accounts, no families all products."""
    account = by_domain(unit, domain)
    require(unit, Permission.CONVERSION_MANAGE, account.id)
    row = setting_of(unit, account.id, kind)
    known = {one.id: one.name for one in virtual_accounts(unit, account.id)}
    places = {one: known.get(one, "") for one in row.virtual_accounts}
    if virtual_account_names is not None:
        places = {virtual_account(unit, account.id, name).id: name for name in virtual_account_names}
    changed = runs.change_setting(
        unit,
        account.id,
        kind,
        enabled=row.enabled if enabled is None else enabled,
        places=places,
        products=row.products if products is None else products,
    )
    return _shown(unit, changed)


def _shown(unit: Unit, row: ConversionSetting) -> dict[str, Any]:
    names = {one.id: one.name for one in virtual_accounts(unit, row.account_id)}
    return {
        "kind": str(row.kind),
        "enabled": row.enabled,
        "virtual_accounts": [names[one] for one in row.virtual_accounts if one in names],
        "products": list(row.products),
        "families": runs.families(unit),
        "listed_at": optional_iso(row.listed_at),
    }


def preview_run(unit: Unit, domain: str, kind: SourceKind) -> dict[str, Any]:
    """What *convert now* would take up: PAKs or devices, units that become smart licences, SKUs that cannot."""
    return _counted(runs.look_run(unit, by_domain(unit, domain).id, kind), begun=False)


def begin_run(unit: Unit, domain: str, kind: SourceKind) -> dict[str, Any]:
    """Take up all that can be converted by the settings; the job converts it within a minute."""
    return _counted(runs.begin_run(unit, by_domain(unit, domain).id, kind), begun=True)


def _counted(taken: runs.Taken, *, begun: bool) -> dict[str, Any]:
    counts = {"sources": len(taken.sources), "quantity": taken.quantity, "failing": taken.failing}
    counts["unchecked"] = taken.unchecked
    return {**counts, "begun": begun}


def run_now(unit: Unit, domain: str, kind: SourceKind) -> dict[str, Any]:
    """Convert all that can be converted by the settings, at once."""
    account = by_domain(unit, domain)
    taken = runs.begin_run(unit, account.id, kind)
    unit.session.flush()
    done: list[runs.Finished] = []
    while found := runs.finish_runs(unit, account.id):
        done += found
    failed = sum(1 for one in done if one.code)
    results = [{"number": one.number, "quantity": one.quantity, "code": one.code or None} for one in done]
    return {**_counted(taken, begun=True), "converted": len(done) - failed, "failed": failed, "results": results}


def finish_conversions(unit: Unit) -> str:
    """Convert what is in progress; the result of the job."""
    done = runs.finish_runs(unit)
    failed = sum(1 for one in done if one.code)
    return f"{len(done) - failed} converted, {failed} failed"
