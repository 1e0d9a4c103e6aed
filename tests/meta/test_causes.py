"""Every cause that the doctor can name is produced by a test, or is in a short list with the reason why not."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from satellite.core.site.causes import BY_CENTRAL, BY_RESPONSE, CAUSES

ROOT = Path(__file__).resolve().parents[2]
NETWORK, BY_TIME = "tests/integration/test_network.py", "tests/integration/test_causes.py"
ON_DISK, RESTORED = "tests/faults/test_disk.py", "tests/faults/test_restore.py"
OWNER, SETTINGS = "tests/faults/test_owner.py", "tests/integration/test_settings.py"
CARRIED = "tests/integration/test_carried.py"
# The test that produces a cause and reads its code from the program; the code is in the test or in its table.
INJECTED: dict[str, str] = {
    **dict.fromkeys(
        ("not_authorized", "not_configured", "site_restored", "anchor_damaged", "clock_behind", "root_expired"),
        f"{NETWORK}::test_what_is_wrong_on_this_machine_is_named_without_a_network",
    ),
    **dict.fromkeys(
        ("disk_full", "disk_read_only", "key_missing"),
        f"{ON_DISK}::test_the_doctor_names_what_is_wrong_with_disk_and_keys",
    ),
    "wrong_owner": f"{OWNER}::test_what_cannot_be_read_is_never_taken_for_restored",
    "anchor_unreadable": f"{OWNER}::test_an_anchor_that_a_running_server_cannot_read_means_no_restore",
    "proxy_login_refused": f"{SETTINGS}::test_a_refused_login_at_the_proxy_is_told_from_a_missing_one",
    "file_changed": f"{CARRIED}::_try",
    **dict.fromkeys(
        ("clock_ahead", "identity_expired"),
        f"{BY_TIME}::test_what_expires_or_jumps_on_this_machine_is_named",
    ),
    "network_off": f"{BY_TIME}::test_a_site_that_carries_files_is_told_that_it_does",
    **dict.fromkeys(
        ("name_unknown", "refused", "proxy_refused", "proxy_name_unknown"),
        f"{NETWORK}::test_names_and_ports_that_nobody_answers_are_named",
    ),
    **dict.fromkeys(
        ("no_route", "proxy_no_route", "connection_cut"),
        f"{BY_TIME}::test_unreachable_addresses_and_broken_connections_are_named",
    ),
    **dict.fromkeys(
        ("timeout", "tls_timeout", "answer_timeout", "proxy_timeout"),
        f"{BY_TIME}::test_silence_is_named_by_the_step_that_it_comes_at",
    ),
    **dict.fromkeys(
        ("tls_not_spoken", "not_http", "proxy_login", "proxy_denied", "proxy_failed"),
        f"{NETWORK}::test_what_answers_in_place_of_central_or_the_proxy_is_named",
    ),
    **dict.fromkeys(
        (
            "certificate_expired",
            "certificate_not_yet_valid",
            "certificate_name",
            "certificate_not_trusted",
            "fingerprint_differs",
        ),
        f"{NETWORK}::test_every_fault_of_the_certificate_is_named",
    ),
    "tls_failed": f"{NETWORK}::test_a_handshake_that_fails_is_not_taken_for_another_protocol",
    "response_older": f"{CARRIED}::test_an_older_response_is_named_as_older",
    "answer_too_large": f"{BY_TIME}::test_an_answer_without_an_end_is_not_read_to_its_end",
    **dict.fromkeys(
        (
            "not_central",
            "central_busy",
            "gateway_failed",
            "request_malformed",
            "central_failed",
            "rate_limited",
            "request_altered",
            "request_truncated",
            "request_too_large",
            "old_format",
            "agreement_pending",
            "refused_by_central",
            "response_altered",
            "response_truncated",
        ),
        f"{NETWORK}::test_what_is_wrong_with_the_content_is_named",
    ),
    "satellite_unknown": f"{BY_TIME}::test_a_central_that_is_not_this_site_s_is_named",
    "duplicate_satellite": f"{NETWORK}::test_what_central_knows_of_a_satellite_is_named",
    "superseded": f"{BY_TIME}::test_a_request_that_was_held_up_on_its_way_is_named",
    **dict.fromkeys(
        (
            "other_vendor",
            "revoked",
            "response_malformed",
            "unknown_key",
            "not_my_answer",
            "wrong_site",
            "response_expired",
            "response_not_yet_valid",
            "response_too_old_format",
            "wrong_file",
        ),
        f"{BY_TIME}::test_an_answer_that_is_not_the_one_asked_for_is_named_and_changes_nothing",
    ),
}
NOT_INJECTED = {
    "connection_failed": "what no other cause fits; each error of a socket that is known has a cause of its own",
}


def texts_of(test: str) -> set[str]:
    """The texts that are in a test, in its marks, and in the tables of its file that it names."""
    place, _, name = test.partition("::")
    tree = ast.parse((ROOT / place).read_text(encoding="utf-8"))
    tables = {
        target.id: node
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    found = next((node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name), None)
    assert found is not None, f"there is no test {test}"
    parts: list[ast.AST] = [found]
    parts += [tables[node.id] for node in ast.walk(found) if isinstance(node, ast.Name) and node.id in tables]
    return {
        node.value
        for part in parts
        for node in ast.walk(part)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


@pytest.mark.row("S2.2")
def test_every_cause_is_brought_about_by_a_test_or_says_why_not() -> None:
    """None is missing, none is listed twice, and each named test holds the code that it waits for."""
    assert set(INJECTED) | set(NOT_INJECTED) == set(CAUSES)
    assert not set(INJECTED) & set(NOT_INJECTED)
    assert len(NOT_INJECTED) <= 3
    assert [code for code, test in INJECTED.items() if code not in texts_of(test)] == []


@pytest.mark.row("S2.2")
def test_no_refusal_leads_to_a_cause_that_does_not_exist() -> None:
    """What central and the readers of files say is translated into causes of the one catalogue."""
    assert {*BY_CENTRAL.values(), *BY_RESPONSE.values()} <= set(CAUSES)
