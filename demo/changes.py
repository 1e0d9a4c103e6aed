"""What happens in the customer's account beside the fleet: a transfer, an upgrade, a conversion, a failed device."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from demo.commands import expect

if TYPE_CHECKING:
    from demo.story import Story

ESSENTIALS = "regid.2017-03.com.cisco.essentialsk9,1.0_90406ae8-385e-43aa-ac98-91da0ea270e2"
ADVANTAGE = "regid.2017-03.com.cisco.advantagek9,1.0_bd1da96e-ec1d-412b-a50e-53846b347d53"
CLASSIC, UNCOVERED = "CLASSIC-SWITCH-E", "CLASSIC-SWITCH-A"
PAKS = ("4XQ7M2K9T1B", "7HD3W8P5R6C")
FAILED, REPLACEMENT = ("C9407R", "HQ0000000002"), ("C9407R", "HQ0000000003")


def text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A CSV with its heading."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([columns, *rows])
    return out.getvalue()


class Changes:
    """Steps of the story in one virtual account of the customer, which a device uses directly."""

    def __init__(self, story: Story, customer: str, pool: str, other: str) -> None:
        """`pool` is where licences are bought, `other` the virtual account that needs some of them."""
        self.story, self.customer, self.pool, self.other = story, customer, pool, other

    def order(self) -> str:
        """Licences for what follows, and an upgrade that waits for the licences that it replaces."""
        columns = ("virtual_account", "tag", "quantity", "type", "order_number", "order_line", "replaces")
        rows = (
            (self.pool, ESSENTIALS, 20, "perpetual", "PO-2026-0043", 1, ""),
            (self.pool, ADVANTAGE, 6, "perpetual", "PO-2026-0044", 1, f"{ESSENTIALS}=1:1"),
        )
        self.story.central("order", "import", self.customer, self.story.write("orders-2.csv", text(columns, rows)))
        waiting = self.story.central("upgrade-licences", "list", self.customer)["items"]
        expect([item["tag"] for item in waiting] == [ADVANTAGE], f"upgrades that wait are {waiting}")
        expect("upgrade_pending" in self._alerts(), f"alerts are {sorted(self._alerts())}")
        return f"{rows[1][2]} upgrades wait in {self.pool}"

    def transfer(self) -> str:
        """Free licences move to where they are needed; the preview says the same as the outcome."""
        words = ("licence", "transfer", self.customer, "--line", f"{self.pool}:{ESSENTIALS}:4:{self.other}")
        self.story.central(*words, "--preview")
        before = self._purchased(self.other, ESSENTIALS)
        self.story.central(*words)
        moved = self._purchased(self.other, ESSENTIALS) - before
        expect(moved == 4, f"{moved} units arrived in {self.other}")
        return f"{moved} of network-essentials from {self.pool} to {self.other}"

    def convert(self) -> str:
        """One classic activation key becomes smart licences; another has no contract, and says so."""
        story = self.story
        skus = text(("sku", "tag", "contract_needed"), ((CLASSIC, ESSENTIALS, "no"), (UNCOVERED, ADVANTAGE, "yes")))
        story.central("convert", "skus", "import", story.write("classic-skus.csv", skus))
        paks = text(
            ("pak", "sku", "quantity", "virtual_account"),
            ((PAKS[0], CLASSIC, 8, self.pool), (PAKS[1], UNCOVERED, 5, self.pool)),
        )
        story.central("convert", "paks", "import", self.customer, story.write("classic-paks.csv", paks))
        before = self._purchased(self.pool, ESSENTIALS)
        story.central("convert", "paks", "run", self.customer)
        made = self._purchased(self.pool, ESSENTIALS) - before
        expect(made == 8, f"the conversion gave {made} units")
        left = {item["number"] for item in story.central("convert", "paks", "list", self.customer)["items"]}
        expect(left == {PAKS[1]}, f"what is left to convert is {sorted(left)}")
        return f"{made} units of {PAKS[0]} converted; {PAKS[1]} waits for a contract"

    def rehost(self) -> str:
        """A device with reserved licences fails; its replacement gets the same before the failed one is back."""
        story, failed, new = self.story, self.story.file("failed"), self.story.file("replacement")
        made = story.central(
            "reservation", "create", self.customer, "--virtual-account", self.pool,
            "--request-code", self._request_code(failed, FAILED), "--licence", f"{ESSENTIALS}=2",
            "--output", story.file("failed.xml"),
        )  # fmt: skip
        story.agent(failed, "reserve", "install", story.file("failed.xml"))
        story.central(
            "reservation", "rehost", self.customer, str(made["id"]),
            "--request-code", self._request_code(new, REPLACEMENT), "--notes", "power supply burnt",
            "--output", story.file("replacement.xml"),
        )  # fmt: skip
        story.agent(new, "reserve", "install", story.file("replacement.xml"))
        expect("pending_removal" in self._alerts(), f"alerts are {sorted(self._alerts())}")
        return f"{REPLACEMENT[1]} replaces {FAILED[1]}, which is to be returned"

    def _request_code(self, home: str, device: tuple[str, str]) -> str:
        root = self.story.file("root.json")
        asked = self.story.agent(home, "reserve", "request", "--root", root, "--pid", device[0], "--serial", device[1])
        return str(asked["request_code"])

    def _alerts(self) -> set[str]:
        items: list[dict[str, Any]] = self.story.central("alerts", self.customer)["items"]
        return {item["kind"] for item in items}

    def _purchased(self, pool: str, tag: str) -> int:
        rows: list[dict[str, Any]] = self.story.central("licences", self.customer)["items"]
        return sum(int(row["purchased"]) for row in rows if (row["virtual_account"], row["tag"]) == (pool, tag))
