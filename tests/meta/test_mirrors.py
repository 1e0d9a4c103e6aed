"""Unit tests mirror the packages, so that the test of a rule, an action or a format is found at the first guess."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "tests" / "unit"

# What holds nothing to be tested by itself: words, numbers, classes of refusals, and what only puts others together.
PLAIN = {
    "central/actions/views.py": "views, compared with the interfaces by tests/api",
    "exchange/__main__.py": "the command, held to its contract by tests/functional",
    "exchange/container_parts.py": "read and written by every test of containers",
    "exchange/device/backend.py": "a protocol",
    "exchange/device/openapi.py": "compared with the messages by tests/meta/test_interfaces.py",
    "exchange/device/problems.py": "a table, compared with what servers send by tests/unit/serverkit/test_device_problems.py",
    "exchange/device/timers.py": "numbers",
    "exchange/errors.py": "classes of refusals",
    "exchange/files/row.py": "a protocol",
    "exchange/files/rows.py": "a list of all rows",
    "exchange/inspect_report.py": "what the tests of inspection read",
    "exchange/limits.py": "numbers",
    "exchange/statements.py": "a list of all statements",
    "exchange/vocabulary.py": "words",
}
# Pure tests that are better off together with others of their kind.
TOGETHER = {
    "central/actions/contract_checks.py": "tests/integration/test_contract_lookups.py",
    "central/actions/contract_source.py": "tests/integration/test_contract_lookups.py",
    "central/actions/device_conversions.py": "tests/integration/test_device_led_conversion.py",
    "exchange/conversion.py": "tests/format/test_vectors.py",
    "exchange/files/conversion_rows.py": "tests/format/test_vectors.py",
    "central/actions/unit_replacements.py": "tests/integration/test_replaced_units.py",
    "satellite/actions/unit_replacements.py": "tests/integration/test_replaced_units.py",
    "satellite/actions/conversions.py": "tests/integration/test_device_led_conversion.py",
    "central/actions/provider_sign_in.py": "tests/integration/test_provider_sign_in.py",
    "central/actions/licence_lists.py": "tests/api/test_central_licences.py",
    "central/actions/notices.py": "tests/integration/test_preferences.py",
    "central/actions/preferences.py": "tests/integration/test_preferences.py",
    "central/actions/report_runs.py": "tests/api/test_saved_reports.py",
    "central/actions/reports.py": "tests/api/test_central_reports.py",
    "central/actions/search.py": "tests/integration/test_search.py",
    "central/actions/saved_reports.py": "tests/api/test_saved_reports.py",
    "exchange/carried.py": "tests/integration/test_carried.py",
    "exchange/central_statements.py": "tests/property/test_exchange_attacks.py",
    "exchange/certificate_issuing.py": "tests/format/test_vectors.py",
    "exchange/certificates.py": "tests/property/test_exchange_attacks.py",
    "exchange/container.py": "tests/format/test_vectors.py",
    "exchange/container_writing.py": "tests/format/test_vectors.py",
    "exchange/device/bodies.py": "tests/unit/exchange/test_device_messages.py",
    "exchange/device/licence_bodies.py": "tests/unit/exchange/test_device_messages.py",
    "exchange/device/messages.py": "tests/unit/exchange/test_device_messages.py",
    "exchange/device/request_processor.py": "tests/unit/exchange/test_device_messages.py",
    "exchange/device/message_handling.py": "tests/unit/exchange/test_device_messages.py",
    "exchange/device_statements.py": "tests/property/test_exchange_attacks.py",
    "exchange/files/authorization.py": "tests/format/test_vectors.py",
    "exchange/files/central_rows.py": "tests/unit/exchange/test_readers.py",
    "exchange/files/columns.py": "tests/unit/exchange/test_tables.py",
    "exchange/files/fast_rows.py": "tests/unit/exchange/test_readers.py",
    "exchange/files/order_check.py": "tests/property/test_order.py",
    "exchange/files/packing.py": "tests/unit/exchange/test_tables.py",
    "exchange/files/registration.py": "tests/format/test_vectors.py",
    "exchange/files/site_rows.py": "tests/unit/exchange/test_readers.py",
    "exchange/files/sync_request.py": "tests/format/test_vectors.py",
    "exchange/files/sync_response.py": "tests/format/test_vectors.py",
    "exchange/inspect.py": "tests/format/test_vectors.py",
    "exchange/inspect_files.py": "tests/format/test_vectors.py",
    "exchange/inspect_objects.py": "tests/format/test_vectors.py",
    "exchange/inspect_statements.py": "tests/format/test_vectors.py",
    "exchange/keys.py": "tests/unit/exchange/test_envelope.py",
    "exchange/licence_rows.py": "tests/unit/exchange/test_tables.py",
    "exchange/licence_time.py": "tests/unit/serverkit/test_licence_time.py",
    "exchange/packing.py": "tests/unit/exchange/test_tables.py",
    "exchange/statement.py": "tests/property/test_exchange_attacks.py",
    "exchange/trust.py": "tests/property/test_exchange_attacks.py",
    "central/actions/instance_details.py": "tests/unit/central/actions/test_instance_list.py",
    "central/actions/instance_plans.py": "tests/unit/central/actions/test_instance_list.py",
    "central/actions/updates.py": "tests/unit/serverkit/updating/test_outcomes.py",
    "satellite/actions/updates.py": "tests/unit/serverkit/updating/test_outcomes.py",
    "satellite/actions/syslog.py": "tests/unit/satellite/actions/test_mail.py",
}
# Tested by commands and interfaces only; the list may only become shorter.
MISSING: set[str] = set()


def modules() -> Iterator[str]:
    """Every module that has a unit test of its own: rules, actions and formats."""
    for pattern in ("*/domain/*/rules.py", "*/core/*/rules.py", "central/actions/*.py", "satellite/actions/*.py"):
        yield from (path.relative_to(ROOT).as_posix() for path in ROOT.glob(pattern))
    yield from (path.relative_to(ROOT).as_posix() for path in (ROOT / "exchange").rglob("*.py"))


def is_mirrored(module: str) -> bool:
    """Whether a test stands where the module's name says: by itself, or with the others of its package."""
    path = Path(module)
    parts = [part for part in path.parent.parts if part not in {"domain", "core"}]
    own = UNIT.joinpath(*parts, f"test_{path.stem}.py")
    package = UNIT.joinpath(*parts[:-1], f"test_{parts[-1]}.py")
    return own.is_file() or (len(parts) > 1 and package.is_file())


@pytest.mark.repository_rule
def test_every_rule_action_and_format_has_its_test_where_its_name_says() -> None:
    """Each is mirrored, plain, tested together with others of its kind, or on the list of what is missing."""
    found = {name for name in modules() if not name.endswith("__init__.py")}
    without = {name for name in found if not is_mirrored(name)}

    assert sorted(without - set(PLAIN) - set(TOGETHER) - MISSING) == [], "write a small test"
    assert sorted((set(PLAIN) | set(TOGETHER) | MISSING) - without) == [], "take these off their list"
    assert [name for name in TOGETHER.values() if not (ROOT / name).is_file()] == []
