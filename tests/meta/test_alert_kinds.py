"""Every kind of alert that a server declares is raised and ended by its cause in a test, or waits for a row of the spec."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from central.domain.alerts.rules import CATALOGUE as OF_CENTRAL
from central.ui.alerts import KINDS as WORDS_OF_CENTRAL
from satellite.core.alerts.rules import CATALOGUE as OF_SATELLITE
from satellite.ui.alerts import KINDS as WORDS_OF_SATELLITE

ROOT = Path(__file__).resolve().parents[2]
REHOSTING = "tests/integration/test_rehosting.py"
GIVEN_UP = "tests/integration/test_given_up_rights.py"
CAUSES, TLS = "tests/integration/test_alert_causes.py", "tests/integration/test_tls.py"
BOTH = ("central", "satellite")


def _on(sides: tuple[str, ...], test: str, *kinds: str) -> dict[tuple[str, str], str]:
    place = test if "::" in test else f"{CAUSES}::{test}"
    return {(side, kind): place for side in sides for kind in kinds}


# The test that raises a kind at a server by its cause, and ends it: with the cause, or by a person where nothing else does.
TESTED: dict[tuple[str, str], str] = {
    **_on(BOTH, "test_a_term_is_named_before_its_end_and_after", "licences_expiring", "licences_expired"),
    **_on(BOTH, "test_a_shortage_says_where_there_is_a_surplus", "insufficient_licences"),
    **_on(
        BOTH,
        "test_a_silent_device_and_an_identity_that_ran_out_are_named_until_it_speaks",
        "instance_failed_to_connect",
        "instance_failed_to_renew",
    ),
    **_on(
        BOTH,
        "test_a_restricted_licence_that_cannot_be_granted_is_named_until_it_is",
        "restricted_licence_not_available",
    ),
    **_on(
        BOTH,
        "test_a_new_satellite_is_named_until_its_authorization_arrives",
        "satellite_authorization_pending",
    ),
    **_on(
        BOTH,
        "test_a_site_that_does_not_synchronize_is_named_until_it_does",
        "satellite_sync_deadline",
        "satellite_sync_overdue",
    ),
    **_on(BOTH, "test_each_refused_file_raises_the_alert_again", "satellite_sync_failed"),
    **_on(BOTH, "test_a_site_that_was_restored_is_named_until_it_resynchronizes", "satellite_forked"),
    **_on(BOTH, "test_a_clock_that_jumped_is_named_until_it_is_right", "clock_suspicious"),
    **_on(BOTH, "test_a_key_that_ends_soon_is_named_until_it_is_replaced", "trust_expiring"),
    **_on(BOTH, "test_two_machines_with_one_identity_are_named_until_one_is_removed", "device_clone"),
    **_on(
        BOTH,
        f"{TLS}::test_the_end_of_a_dropped_in_certificate_is_told_and_clears_with_the_next",
        "tls_certificate_ending",
    ),
    **_on(BOTH, f"{TLS}::test_files_that_cannot_be_used_are_an_alert_until_they_can", "tls_pair_unusable"),
    **_on(BOTH, f"{TLS}::test_a_name_that_devices_use_and_the_certificate_lacks_is_an_alert", "tls_names_missing"),
    **_on(
        ("central",),
        "test_a_reserved_term_that_ended_is_named_until_an_update_gives_it_up",
        "reserved_licence_expired",
        "reservation_pending",
    ),
    **_on(
        ("central",),
        f"{GIVEN_UP}::test_another_machine_at_a_site_with_a_reserved_serial_number_raises_the_alert",
        "reservation_former_key",
    ),
    **_on(
        ("central",),
        f"{REHOSTING}::test_enough_licences_need_no_quota_and_a_returned_device_ends_the_mark",
        "pending_removal",
    ),
    **_on(
        ("central",),
        f"{REHOSTING}::test_a_shipment_reserves_and_a_device_that_registers_elsewhere_sends_it_back",
        "reserved_licences_returned",
    ),
    **_on(("central",), f"{GIVEN_UP}::test_the_vendor_releases_what_a_dead_device_holds", "reservation_released"),
    **_on(
        ("central",),
        "tests/integration/test_preferences.py::test_a_bad_address_stops_no_other_mail_and_raises_an_alert",
        "mail_undelivered",
    ),
    **_on(
        ("satellite",),
        "tests/unit/satellite/actions/test_mail.py"
        "::test_mail_that_no_server_takes_is_an_alert_until_the_settings_are_right",
        "mail_undelivered",
    ),
    **_on(
        ("satellite",),
        "tests/unit/satellite/actions/test_webhooks.py"
        "::test_a_webhook_that_takes_nothing_is_an_alert_until_it_does_or_is_removed",
        "webhook_undelivered",
    ),
    **_on(
        ("central",),
        "tests/unit/central/actions/test_webhooks.py"
        "::test_a_webhook_that_takes_nothing_is_an_alert_of_the_vendor_until_it_does",
        "webhook_undelivered",
    ),
    **_on(("central",), "test_a_conversion_that_fails_is_named_until_it_succeeds", "conversion_errors"),
    **_on(
        ("central",),
        "tests/integration/test_device_led_conversion.py::test_what_a_device_could_not_convert_is_an_alert_until_it_can",
        "licence_converted",
        "licences_not_converted",
    ),
    **_on(("central",), "test_an_upgrade_is_named_until_the_licences_that_it_replaces_are", "upgrade_pending"),
    **_on(("central",), "test_a_subscription_that_stands_twice_is_named_until_one_of_them_moves", "duplicate_licences"),
    **_on(BOTH, "test_an_agreement_is_named_until_it_is_accepted", "agreement_pending"),
    **_on(("central",), "test_an_agreement_is_named_until_it_is_accepted", "agreement_updated"),
    **_on(
        ("central",),
        "test_a_new_satellite_is_named_until_its_authorization_arrives",
        "satellite_authorization_ready",
    ),
    **_on(
        ("satellite",),
        "tests/unit/satellite/actions/test_backups.py"
        "::test_a_backup_is_asked_for_when_the_schedule_says_so_and_alerts_tell_of_age_and_failure",
        "backup_old",
        "backup_failed",
    ),
    **_on(
        BOTH,
        "tests/unit/serverkit/backup/test_copies.py"
        "::test_a_backup_goes_off_the_machine_and_what_stops_it_is_an_alert_until_a_copy_succeeds",
        "backup_not_copied",
    ),
    **_on(
        BOTH,
        "tests/unit/serverkit/updating/test_outcomes.py"
        "::test_an_update_that_went_back_is_an_alert_until_one_is_installed",
        "update_not_installed",
    ),
    **_on(
        ("central",),
        "tests/unit/central/actions/test_backups.py"
        "::test_a_due_backup_is_made_verified_and_told_by_alerts_where_it_is_late_or_fails",
        "backup_old",
        "backup_failed",
    ),
    **_on(("central",), "test_a_site_that_does_not_synchronize_is_named_until_it_does", "satellite_removed"),
    **_on(
        ("satellite",),
        "tests/integration/test_satellite_added_again.py::test_a_satellite_added_again_with_fewer_virtual_accounts_synchronizes",
        "virtual_account_released",
    ),
}


def said_by(test: ast.FunctionDef, *words: str) -> set[str]:
    """The texts that a test hands to functions of these names."""
    calls = (node for node in ast.walk(test) if isinstance(node, ast.Call))
    return {
        argument.value
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id in words
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }


def found_at(place: str) -> ast.FunctionDef:
    """A test by its file and name."""
    path, _, name = place.partition("::")
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name)


def begins_and_ends(test: ast.FunctionDef, kind: str) -> bool:
    """Whether a test claims that a kind is raised and that it ends: by the words for it, or that it alone is open, then none."""
    if kind in said_by(test, "raised") & said_by(test, "cleared", "dismissed"):
        return True
    claims = [ast.unparse(node.test) for node in ast.walk(test) if isinstance(node, ast.Assert)]
    alone = [number for number, claim in enumerate(claims) if claim.endswith(f"== {{{kind!r}}}")]
    none = [number for number, claim in enumerate(claims) if claim.endswith("== set()")]
    return bool(alone) and bool(none) and alone[0] < none[-1]


@pytest.mark.row("C10.4")
def test_every_kind_is_raised_and_ended_by_a_test() -> None:
    """None is missing, none is listed twice, and each test raises its kind, ends it, and speaks of its server."""
    declared = {("central", kind) for kind in OF_CENTRAL} | {("satellite", kind) for kind in OF_SATELLITE}
    faults = []
    for (side, kind), place in TESTED.items():
        test = found_at(place)
        names = {node.id for node in ast.walk(test) if isinstance(node, ast.Name)}
        texts = {node.value for node in ast.walk(test) if isinstance(node, ast.Constant)}
        speaks = place.startswith(f"tests/unit/{side}/") or names & {"SIDES", "SERVERS"} or side in texts
        if not speaks or not begins_and_ends(test, kind):
            faults.append((side, kind, place))

    assert set(TESTED) == declared
    assert faults == []


@pytest.mark.repository_rule
def test_the_manual_lists_every_kind_with_its_severity() -> None:
    """The two tables of the page on alerts are the two catalogues."""
    page = (ROOT / "docs" / "admin" / "alerts.md").read_text(encoding="utf-8")
    parts = re.split(r"^## ", page, flags=re.MULTILINE)[1:]
    listed = (dict(re.findall(r"^\| `(\w+)` \|.*?(\w[\w.]*)", part, flags=re.MULTILINE)) for part in parts)
    central, satellite = listed

    assert central == {kind: one.severity for kind, one in OF_CENTRAL.items()}
    assert satellite == {kind: one.severity for kind, one in OF_SATELLITE.items()}


@pytest.mark.row("C10.1", "S3.2")
def test_every_kind_has_words_on_the_page() -> None:
    """The list of alerts names each kind in the language of the page, and filters by it."""
    assert set(WORDS_OF_CENTRAL) == set(OF_CENTRAL)
    assert set(WORDS_OF_SATELLITE) == set(OF_SATELLITE)
