"""Who may have a restricted licence: every reason, and the order in which reasons count."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from central.domain.export_control.rules import MESSAGES, Application, judge_application
from exchange.vocabulary import ExportReason

GOOD = Application(
    entitlement_known=True,
    restricted=True,
    device_known=True,
    account_allowed=True,
    token_allowed=True,
    products=("ZX",),
    product_names=frozenset({"ZX", "ZX-1"}),
    wanted=3,
    held=1,
    free=2,
)
FAULTS: dict[ExportReason, dict[str, Any]] = {
    ExportReason.UNKNOWN_ENTITLEMENT: {"entitlement_known": False},
    ExportReason.NOT_RESTRICTED: {"restricted": False},
    ExportReason.UNKNOWN_DEVICE: {"device_known": False},
    ExportReason.ACCOUNT_NOT_PERMITTED: {"account_allowed": False},
    ExportReason.TOKEN_NOT_PERMITTED: {"token_allowed": False},
    ExportReason.PRODUCT_NOT_ENTITLED: {"products": ("OTHER",)},
    ExportReason.NOT_AVAILABLE: {"wanted": 4},
}


@pytest.mark.row("C8.1")
def test_all_conditions_together_grant() -> None:
    """Nothing speaks against a device of an entitled product for which enough units are free."""
    assert judge_application(GOOD) is None


@pytest.mark.row("C8.1")
@pytest.mark.parametrize(("reason", "fault"), FAULTS.items(), ids=[reason.value for reason in FAULTS])
def test_each_condition_refuses_by_its_own_reason(reason: ExportReason, fault: dict[str, Any]) -> None:
    """A single condition that fails gives the reason and a message for it."""
    assert judge_application(replace(GOOD, **fault)) is reason
    assert MESSAGES[reason]


@pytest.mark.row("C8.1")
def test_the_first_reason_is_told_where_several_apply() -> None:
    """With each earlier condition that fails too, its reason is told instead."""
    found, application = [], GOOD
    for fault in reversed(FAULTS.values()):
        application = replace(application, **fault)
        found.append(judge_application(application))

    assert found == [*reversed(FAULTS)]


@pytest.mark.row("C8.1")
@pytest.mark.parametrize("products", [(), ("*",), ("OTHER", "ZX-1")])
def test_a_licence_for_every_product_fits_any_device(products: tuple[str, ...]) -> None:
    """No list, a star, and any name of the device's product among several entitle it."""
    assert judge_application(replace(GOOD, products=products)) is None
