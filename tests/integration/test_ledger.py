"""Lots, figures, transactions: every number is the sum of what was posted."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import event

from central.domain.accounts.queries import by_domain
from central.domain.ledger.order_files import import_orders
from central.runtime import open_central
from serverkit.actor import OPERATOR
from tests.world import ACCOUNT, World

HEAD = "virtual_account,tag,quantity,type,billing,start,end,source,order_number,order_line\n"


def order(world: World, *rows: str, code: int = 0) -> dict[str, object]:
    """Import order lines."""
    return world.central("order", "import", ACCOUNT, world.file("o.csv", HEAD + "\n".join(rows) + "\n"), code=code)


@pytest.mark.both_databases
@pytest.mark.row("C3.3")
def test_a_demo_counts_for_sixty_days_and_then_no_more(vendor: World) -> None:
    """The balance loses the lot on the day it ends; the alert says so."""
    order(vendor, "Spare,ESSENTIALS,5,demo,prepaid,,,manual,,")
    before = vendor.licence("ESSENTIALS", pool="Spare")["purchased"]
    vendor.advance("61d")
    vendor.central("jobs", "run", "terms")
    vendor.central("jobs", "run", "alerts")
    rows = [x for x in vendor.central("licences", ACCOUNT)["items"] if x["tag"] == "ESSENTIALS"]

    assert before == 5
    assert sum(row["purchased"] for row in rows) == 0
    assert "licences_expired" in vendor.alerts()
    assert vendor.central("ledger", "verify")["ok"]


@pytest.mark.both_databases
@pytest.mark.row("C3.4")
def test_a_demo_with_an_end_and_no_start_is_refused_by_name(vendor: World) -> None:
    """Without its start no one can tell how long it lasts; with both dates the same line is taken."""
    refusal = order(vendor, "Spare,ESSENTIALS,5,demo,prepaid,,2027-06-01,manual,,", code=1)["error"]
    before = [row["tag"] for row in vendor.central("licences", ACCOUNT)["items"]]
    order(vendor, "Spare,ESSENTIALS,5,demo,prepaid,2026-01-01,2027-06-01,manual,,")

    assert "a demo with an end needs its start" in str(refusal)
    assert "term_needs_dates" in str(refusal)
    assert "ESSENTIALS" not in before
    assert vendor.licence("ESSENTIALS", pool="Spare")["purchased"] == 5


@pytest.mark.both_databases
@pytest.mark.row("C3.3")
def test_a_term_that_has_not_begun_does_not_count_yet(vendor: World) -> None:
    """A lot of the future shows as pending nothing until its first day, then it counts."""
    order(vendor, "Spare,ESSENTIALS,5,term,prepaid,2027-01-01,2028-01-01,order,O-9,1")
    before = [x["purchased"] for x in vendor.central("licences", ACCOUNT)["items"] if x["tag"] == "ESSENTIALS"]
    vendor.advance("60d")
    vendor.central("jobs", "run", "terms")

    assert sum(before) == 0
    assert vendor.licence("ESSENTIALS", pool="Spare")["purchased"] == 5


@pytest.mark.both_databases
@pytest.mark.row("C3.3", "C3.4")
@pytest.mark.parametrize(
    "source",
    ["order", "pak_migration", "device_migration", "dlc_migration", "ea_migration", "manual", "device_transfer",
     "device_request"],
)  # fmt: skip
def test_every_source_of_a_lot_is_taken_and_shown(vendor: World, source: str) -> None:
    """A line of each source adds its quantity and is among the transactions."""
    order(vendor, f"Spare,ESSENTIALS,4,perpetual,prepaid,,,{source},N-1,1")
    shown = [t for t in vendor.central("transactions", ACCOUNT)["items"] if t["source"] == source]

    assert vendor.licence("ESSENTIALS", pool="Spare")["purchased"] == 4
    assert any(row["tag"] == "ESSENTIALS" and row["count"] == 4 for row in shown)


@pytest.mark.both_databases
@pytest.mark.row("C3.4")
def test_an_order_file_is_taken_whole_or_not_at_all(vendor: World) -> None:
    """One bad line keeps every line out and is named by its number."""
    refused = order(vendor, "Spare,ESSENTIALS,4,,,,,,O-5,1", "Spare,NOTHING,1,,,,,,O-5,2", code=1)["error"]
    tags = {row["tag"] for row in vendor.central("licences", ACCOUNT)["items"]}

    assert refused["code"] == "unknown_entitlement"
    assert "line 3" in refused["message"]
    assert "ESSENTIALS" not in tags


@pytest.mark.both_databases
@pytest.mark.row("C3.4")
def test_the_same_order_line_is_never_counted_twice(vendor: World) -> None:
    """A file imported again is refused and the balance stays."""
    refused = vendor.central("order", "import", ACCOUNT, vendor.file("orders.csv"), code=1)["error"]

    assert refused["code"] == "duplicate_order_line"
    assert vendor.licence("ADVANTAGE")["purchased"] == 3


@pytest.mark.both_databases
@pytest.mark.repository_rule
def test_verify_names_a_row_that_was_edited_behind_the_program(vendor: World) -> None:
    """One changed quantity in the database is found and named."""
    vendor.sql(
        "central", "UPDATE postings SET quantity = quantity + 1 WHERE number = (SELECT min(number) FROM postings)"
    )
    refused = vendor.central("ledger", "verify", code=1)["error"]

    assert refused["code"] == "ledger_differs"
    assert "posting" in refused["message"]


@pytest.mark.both_databases
@pytest.mark.row("C3.1", "E4")
def test_explain_adds_up_to_the_figure_it_explains(vendor: World) -> None:
    """The postings of a licence sum to what the table calls purchased."""
    order(vendor, "Site,ADVANTAGE,4,perpetual,prepaid,,,order,O-7,1")
    found = vendor.central("ledger", "explain", ACCOUNT, "--virtual-account", "Site", "ADVANTAGE")

    assert found["purchased"] == vendor.licence("ADVANTAGE")["purchased"] == 7
    assert sum(posting["quantity"] for posting in found["postings"]) == 7


class LedgerWalk(RuleBasedStateMachine):
    """Orders, use and releases in any order; a model keeps count beside the product."""

    world: World

    def __init__(self) -> None:
        """Begin with an empty model."""
        super().__init__()
        self.bought = {"Site": 0, "Spare": 0}
        self.lines = 0

    @initialize()
    def begin(self) -> None:
        """Take what the shared world holds already as the start."""
        self.lines = len(self.world.central("transactions", ACCOUNT)["items"])
        for pool in self.bought:
            rows = [x for x in self.world.central("licences", ACCOUNT)["items"] if x["tag"] == "ADVANTAGE"]
            self.bought[pool] = sum(x["purchased"] for x in rows if x["virtual_account"] == pool)

    @rule(pool=st.sampled_from(["Site", "Spare"]), quantity=st.integers(1, 1000))
    def buy(self, pool: str, quantity: int) -> None:
        """A further order line."""
        self.lines += 1
        order(self.world, f"{pool},ADVANTAGE,{quantity},perpetual,prepaid,,,order,W-{self.lines},1")
        self.bought[pool] += quantity

    @rule(count=st.integers(1, 50))
    def use(self, count: int) -> None:
        """A device connected to central uses some."""
        self.world.used.use("ADVANTAGE", count)  # type: ignore[attr-defined]

    @invariant()
    def adds_up(self) -> None:
        """Figures equal the model, and balance is always purchased less in use."""
        for pool, bought in self.bought.items():
            row = self.world.licence("ADVANTAGE", pool=pool)
            assert row["purchased"] == bought
            assert row["balance"] == row["purchased"] - row["in_use"] - row["reserved"]
        assert self.world.central("ledger", "verify")["ok"]


@pytest.mark.both_databases
@pytest.mark.row("C3.1", "E4")
def test_whatever_is_bought_and_used_the_figures_add_up(vendor: World) -> None:
    """In any order of purchases and use nothing appears or disappears."""
    vendor.used = vendor.device("WALK", "central", vendor.token("central", pool="Spare"))  # type: ignore[attr-defined]
    LedgerWalk.world = vendor
    run_state_machine_as_test(
        LedgerWalk,
        settings=settings(
            max_examples=5, stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


@pytest.mark.both_databases
@pytest.mark.row("C3.4", "C12.4")
def test_many_orders_in_one_file_are_as_one_by_one_and_in_few_statements(vendor: World) -> None:
    """Every lot has its posting, event and transaction in the order of the file; the statements do not grow with the rows."""
    head = "virtual_account,tag,quantity,order_number,order_line\n"
    pools, tags = ("Site", "Spare"), ("ADVANTAGE", "ESSENTIALS")
    lines = [f"{pools[n % 2]},{tags[n % 3 % 2]},{n % 7 + 1},N-{n},1" for n in range(2500)]
    made = open_central(vendor.folder / "central")
    seen: list[str] = []
    event.listen(made.database.engine, "before_cursor_execute", lambda *call: seen.append(str(call[2])))
    counts = []
    for part in (lines[:100], lines[100:]):
        path = Path(vendor.file("o.csv", head + "\n".join(part) + "\n"))
        before = len(seen)
        with made.database.write(OPERATOR) as unit:
            import_orders(unit, by_domain(unit, ACCOUNT).id, path)
        counts.append(len(seen) - before)
    made.database.dispose()
    log = [row for row in vendor.central("transactions", ACCOUNT)["items"] if row["action"] == "added"]
    known = vendor.central("order", "import", ACCOUNT, vendor.file("again.csv", head + lines[1234] + "\n"), code=1)

    assert counts[1] < counts[0] + 60
    assert [row["count"] for row in log[:5]] == [n % 7 + 1 for n in range(2499, 2494, -1)]
    bought = {pool: sum(n % 7 + 1 for n in range(2500) if n % 2 == at) for at, pool in enumerate(pools)}
    for pool in pools:
        rows = [row for row in vendor.central("licences", ACCOUNT)["items"] if row["virtual_account"] == pool and row["tag"] in tags]  # fmt: skip
        assert sum(row["purchased"] for row in rows) == bought[pool] + {"Site": 3, "Spare": 10}[pool]
    assert "duplicate_order_line" in str(known)
    assert vendor.central("ledger", "verify")["ok"]
