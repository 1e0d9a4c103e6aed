"""Refusals: a code, a message and a remedy from templates."""

from __future__ import annotations

import pytest

from exchange.refusal import Refusal, Remedy, fill


class LateError(Refusal):
    """A refusal of this test."""

    code = "late"
    message = "It came {days} days late."
    remedy = Remedy("Run `central satellite list` first.", page="operations.md")


@pytest.mark.row("S4.7")
def test_templates_are_filled_and_the_values_stay_beside_them() -> None:
    """So that an edge can translate the one and set off the others."""
    plain, other = LateError(days=3), LateError("{days} days", days=4)

    assert (plain.message, plain.fields) == ("It came 3 days late.", {"days": 3})
    assert (other.template, other.message) == ("{days} days", "4 days")
    assert (plain.remedy.command, plain.remedy.page) == ("central satellite list", "operations.md")


@pytest.mark.row("S4.7")
def test_a_template_that_does_not_fit_hides_no_refusal() -> None:
    """It is shown as it is; a text without fields keeps its braces."""
    assert fill("{missing}", {"other": 1}) == "{missing}"
    assert LateError("a {brace}").message == "a {brace}"
