"""The main job, step by step; each step checks from outside that it worked and says what it saw."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from demo.access import add_users, write_access
from demo.catalogue import catalogue_text
from demo.changes import Changes
from demo.commands import Server, expect, run
from demo.orders import SPARE, Plan, needs, orders_text
from demo.sites import add_customers, add_sites

DATA = Path(__file__).parent / "data"
CUSTOMER, SITE = "customer.example", "North Site"
POOLS = {"Campus": 120, "Core": 50, "Edge": 50}
DIRECT_POOL = "Headquarters"
PREFIXES = {"Campus": ("c93",), "Core": ("c94", "c95", "c96", "nexus", "cbr")}
RESTRICTED = "regid.2021-05.com.cisco.C9K_HSEC,1.0_90fdf411-3823-45bd-bd8c-5a5d0e0e1ea2"
LARGEST_DELTA = 12


class Story:
    """The whole demonstration in one folder; `steps` are to be run in order."""

    def __init__(self, folder: Path) -> None:
        """Begin in an empty folder."""
        self.folder = folder
        self.figures: dict[str, Any] = {}
        self.servers: dict[str, Server] = {}
        self.fleet: dict[str, list[dict[str, Any]]] = {}
        self.tokens: dict[str, str] = {}
        self.users: dict[str, list[dict[str, str]]] = {}
        self.changes = Changes(self, CUSTOMER, DIRECT_POOL, "Core")
        self._inventories: dict[str, dict[str, Any]] = {}
        self._asked = ""

    # -- shorthands ---------------------------------------------------------

    def central(self, *words: str, code: int = 0) -> dict[str, Any]:
        """A command of central."""
        return run("central", *words, home=self.folder / "central", code=code)

    def satellite(self, *words: str, code: int = 0) -> dict[str, Any]:
        """A command of the satellite."""
        return run("satellite", *words, home=self.folder / "satellite", code=code)

    def agent(self, home: str, *words: str, code: int = 0) -> dict[str, Any]:
        """A command of a device."""
        return run("agent", *words, home=Path(home), code=code)

    def file(self, name: str) -> str:
        """A file of the demonstration."""
        return str(self.folder / name)

    def inventory(self, pool: str) -> dict[str, Any]:
        """What the sample outputs of a virtual account say: its devices and their licences."""
        return self._inventories[pool]

    def write(self, name: str, text: str) -> str:
        """Write a file and return where it is."""
        (self.folder / name).write_text(text, encoding="utf-8")
        return self.file(name)

    # -- the steps ----------------------------------------------------------

    @property
    def steps(self) -> Sequence[tuple[str, Callable[[], str]]]:
        """The story in order."""
        return (
            ("vendor sets up central", self.set_up_central),
            ("catalogue of real entitlements and products", self.import_catalogue),
            ("device outputs of every kind are read", self.read_outputs),
            ("orders of the customer", self.import_orders),
            ("satellite registered by files", self.register_satellite),
            ("users of both servers", self.add_users),
            ("servers answer over TLS", self.start_servers),
            ("fleet registers and uses licences", self.run_fleet),
            ("a device connected to central directly", self.connect_directly),
            ("restricted licence is asked for", self.ask_for_restricted),
            ("first synchronization by file", self.synchronize_first),
            ("central knows every device and what it uses", self.compare_counts),
            ("restricted licence granted, delivered and verified", self.deliver_restricted),
            ("shortage raises its alert on both sides", self.see_shortage),
            ("term that ends soon raises its alert", self.see_expiring),
            ("second synchronization carries only what changed", self.synchronize_again),
            ("repeated and altered files are told apart", self.try_bad_files),
            ("an order of upgrades waits for the licences that it replaces", self.changes.order),
            ("licences move to another virtual account", self.changes.transfer),
            ("classic licences are converted", self.changes.convert),
            ("a failed device is replaced before it is back", self.changes.rehost),
            ("other customers", lambda: add_customers(self)),
            ("other sites", lambda: add_sites(self)),
            ("every number can be explained", self.explain),
        )

    def set_up_central(self) -> str:
        """Keys, account, virtual accounts, users."""
        self.central("init", "--vendor", "Example Networks", "--root-keys", self.file("root-keys"))
        self.central("root", "export", "--output", self.file("root.json"))
        self.central("account", "create", CUSTOMER, "--name", "Example Customer", "--export-allowed")
        self.central("agreement", "accept", CUSTOMER)
        for pool in (*POOLS, DIRECT_POOL):
            self.central("virtual-account", "create", CUSTOMER, pool)
        names = {item["name"] for item in self.central("virtual-account", "list", CUSTOMER)["items"]}
        expect(names >= {*POOLS, DIRECT_POOL}, f"virtual accounts are {sorted(names)}")
        return f"{len(names)} virtual accounts"

    def import_catalogue(self) -> str:
        """All entitlements and products of the sample tables."""
        path = self.write("catalogue.csv", catalogue_text(DATA))
        counts = self.central("catalogue", "import", path)
        items = self.central("catalogue", "list")["items"]
        restricted = [item for item in items if item["restricted"]]
        expect(len(items) == counts["entitlements"] + counts["products"], "the list differs from what was imported")
        expect(RESTRICTED in {item["tag"] for item in restricted}, "the restricted entitlement is missing")
        self.figures |= {"entitlements": counts["entitlements"], "products": counts["products"]}
        return f"{counts['entitlements']} entitlements ({len(restricted)} restricted), {counts['products']} products"

    def read_outputs(self) -> str:
        """The real outputs, sorted into the three parts of the site."""
        results: Counter[str] = Counter()
        for path in sorted((DATA / "show-license").glob("*.txt")):
            pool = next((name for name, starts in PREFIXES.items() if path.name.startswith(starts)), "Edge")
            (self.folder / "outputs" / pool).mkdir(parents=True, exist_ok=True)
            shutil.copy(path, self.folder / "outputs" / pool / path.name)
        for pool in POOLS:
            output = self.file(f"inventory-{pool}.json")
            words = ("fleet", "inventory", self.file(f"outputs/{pool}"), "--output", output)
            read = self.agent(self.file("fleet"), *words, "--catalogue", self.file("catalogue.csv"))
            results.update({"files": read["files"], "read": read["read"], "devices": read["devices"]})
            unexplained = [item["file"] for item in read["items"] if item["status"] != "read" and not item["reason"]]
            expect(not unexplained, f"no result and no reason for {unexplained}")
            expect(read["devices"], f"no device in {pool}")
            self._inventories[pool] = json.loads(Path(output).read_bytes())
        expect(results["read"] * 10 >= results["files"] * 8, f"only {results['read']} files could be read")
        self.figures |= {"outputs": results["files"], "outputs_read": results["read"], "real": results["devices"]}
        return f"{results['files']} outputs, {results['read']} read, {results['devices']} real devices"

    def import_orders(self) -> str:
        """Enough of most, half of one, one that ends in twenty days, two of the restricted one."""
        wanted: dict[str, dict[str, int]] = {pool: dict(needs(self._inventories[pool], POOLS[pool])) for pool in POOLS}
        short = max(wanted["Campus"], key=lambda tag: wanted["Campus"][tag])
        ends = max(wanted["Core"], key=lambda tag: wanted["Core"][tag])
        self.plan = Plan("Campus", short, "Core", ends, {"Campus": RESTRICTED})
        wanted[DIRECT_POOL] = {ends: 5}
        path = self.write("orders.csv", orders_text(wanted, self.plan, datetime.now(UTC)))
        made = self.central("order", "import", CUSTOMER, path)
        repeated = self.central("order", "import", CUSTOMER, path, code=1)
        expect("duplicate_order_line" in json.dumps(repeated), "the same order was taken twice")
        lines = sum(len(tags) for tags in wanted.values()) + 1
        self.figures["order_lines"] = lines
        return f"{lines} lines taken, the same file again refused; {', '.join(sorted(made))}"

    def register_satellite(self) -> str:
        """Registration file out, authorization file in."""
        self.satellite("init", "--name", SITE, "--root", self.file("root.json"))
        self.satellite("registration", "export", "--output", self.file("registration.pgx"))
        seen = run("exchange", "inspect", self.file("registration.pgx"))
        expect(seen["kind"] == "registration" and not seen["problems"], f"inspect says {seen}")
        add = ["satellite", "add", CUSTOMER, "--name", SITE, "--registration", self.file("registration.pgx")]
        for pool in POOLS:
            add += ["--virtual-account", pool]
        self.central(*add)
        self.central("satellite", "authorize", CUSTOMER, SITE, "--output", self.file("authorization.pgx"))
        run("exchange", "verify", self.file("authorization.pgx"), "--root", self.file("root.json"))
        self.satellite("registration", "import", self.file("authorization.pgx"))
        self.satellite("setup", "finish", "--mode", "manual")
        state = self.satellite("registration", "status")
        expect(state["state"] == "authorized", f"the satellite says {state}")
        return "authorized, verified against the root file, set up for files by hand"

    def add_users(self) -> str:
        """Each role has a user; the passwords are drawn for this run."""
        self.users = add_users(self.folder)
        listed = {item["name"] for item in self.satellite("user", "list")["items"]}
        expect(listed == {user["name"] for user in self.users["satellite"]}, f"the satellite lists {sorted(listed)}")
        return ", ".join(f"{user['name']} ({user['role']})" for side in self.users.values() for user in side)

    def start_servers(self) -> str:
        """Both servers on free ports of the loopback."""
        for program in ("central", "satellite"):
            server = Server(program, self.folder / program)
            self.servers[program] = server.__enter__()
            for page in ("/healthz", "/readyz"):
                status = server.get(page)
                expect(status == 200, f"{program} answers {status} at {page}")
        write_access(self.folder, self.servers, self.users)
        status = self.servers["satellite"].get("/sign-in")
        expect(status == 200, f"the satellite's console answers {status}")
        return ", ".join(server.url for server in self.servers.values())

    def run_fleet(self) -> str:
        """Every device registers with a token of its virtual account and reports what it uses."""
        for pool, count in POOLS.items():
            made = self.satellite(
                "token", "create", "--virtual-account", pool, "--days", "30", "--export-controlled",
                "--description", f"demonstration fleet {pool}",
            )  # fmt: skip
            self.tokens[pool] = self.write(f"token-{pool}", made["token"])
            done = self.agent(
                self.file("fleet"), "fleet", "run", "--inventory", self.file(f"inventory-{pool}.json"),
                *self.servers["satellite"].where, "--token-file", self.tokens[pool], "--root", self.file("root.json"),
                "--count", str(count), "--parallel", "8", "--names", pool.lower(),
            )  # fmt: skip
            expect(done["failed"] == 0 and done["registered"] == count, f"{done['failed']} devices failed in {pool}")
            self.fleet[pool] = done["items"]
        devices = sum(len(items) for items in self.fleet.values())
        listed = self.satellite("instances")["items"]
        expect(len(listed) == devices, f"the satellite lists {len(listed)} of {devices} devices")
        self.figures["devices"] = devices
        return f"{devices} devices in {len(POOLS)} virtual accounts"

    def connect_directly(self) -> str:
        """A device of the head office needs no satellite."""
        made = self.central("token", "create", CUSTOMER, "--virtual-account", DIRECT_POOL, "--days", "30")
        token, home = self.write("token-direct", made["token"]), self.file("direct")
        self.agent(
            home, "register", *self.servers["central"].where, "--token-file", token, "--root", self.file("root.json"),
            "--pid", "C9407R", "--serial", "HQ0000000001", "--hostname", "hq-core-1",
        )  # fmt: skip
        state = self.agent(home, "use", self.plan.ends, "2")["state"]
        expect(state == "authorized", f"its licence is {state}")
        return "registered at central, authorized at once"

    def ask_for_restricted(self) -> str:
        """Use is refused without a request; the request waits for the next synchronization."""
        self._asked = str(self.fleet["Campus"][0]["home"])
        refused = self.agent(self._asked, "use", RESTRICTED, "1", code=1)["error"]["code"]
        expect(refused == "restricted_needs_export_request", f"use was answered with {refused}")
        state = self.agent(self._asked, "request-export", RESTRICTED, "1")["state"]
        expect(state == "pending", f"the request is {state}")
        return "refused without a request, then pending"

    def _round_trip(self, number: int) -> tuple[dict[str, Any], dict[str, Any]]:
        request, response = self.file(f"request-{number}.pgx"), self.file(f"response-{number}.pgx")
        made = self.satellite("sync", "export", "--output", request)
        answered = self.central("sync", "import", request, "--output", response)
        run("exchange", "verify", response, "--root", self.file("root.json"))
        self.satellite("sync", "import", response)
        sizes = [Path(path).stat().st_size for path in (request, response)]
        self.figures[f"sync_{number}"] = {
            "request_bytes": sizes[0], "response_bytes": sizes[1], "request": made["counts"],
            "response": answered["counts"],
        }  # fmt: skip
        return made, answered

    def synchronize_first(self) -> str:
        """Everything goes: request by hand to central, response by hand back."""
        made, answered = self._round_trip(1)
        devices = self.figures["devices"]
        expect(made["counts"].get("instance") == devices, f"the request carries {made['counts']}")
        return f"request {made['counts']}, response {answered['counts']}"

    def compare_counts(self) -> str:
        """Central, satellite and devices agree on each count."""
        compared = 0
        for pool, items in self.fleet.items():
            used: Counter[str] = Counter()
            for item in items:
                used.update({licence["tag"]: licence["count"] for licence in item["licences"]})
            for side in (self.central("licences", CUSTOMER), self.satellite("licences")):
                shown = {row["tag"]: row["in_use"] for row in side["items"] if row["virtual_account"] == pool}
                wrong = {tag: (count, shown.get(tag)) for tag, count in used.items() if shown.get(tag) != count}
                expect(not wrong, f"counts differ in {pool}: {wrong}")
                compared += len(used)
        at_central = {(i["pid"], i["serial"]) for i in self.central("instances", CUSTOMER)["items"] if i["satellite"]}
        here = {(item["pid"], item["serial"]) for items in self.fleet.values() for item in items}
        expect(at_central == here, f"central knows {len(at_central)} devices of the site, there are {len(here)}")
        return f"{len(here)} devices and {compared} counts agree"

    def deliver_restricted(self) -> str:
        """Central granted it; the device collects, verifies and confirms."""
        item = self._queue_item()
        expect(item["state"] == "granted", f"the satellite's queue says {item['state']}")
        status = self.agent(self._asked, "renew", "auth")
        expect(status["export"][0]["state"] == "granted", f"the device says {status['export']}")
        shown = self.agent(self._asked, "usage")["licences"]
        rights = {licence["tag"]: licence["state"] for licence in shown}
        expect(rights.get(RESTRICTED) == "authorized", f"the device uses {rights}")
        item = self._queue_item()
        expect(item["state"] == "delivered", f"the queue says {item['state']}")
        return "pending, granted, delivered; the device verified the grant and uses it"

    def _queue_item(self) -> dict[str, Any]:
        items: list[dict[str, Any]] = self.satellite("export-queue")["items"]
        expect(len(items) == 1, f"the queue holds {len(items)} requests")
        return items[0]

    def see_shortage(self) -> str:
        """Half of what is needed was bought: both sides say so, and the licence shows by how much."""
        row = next(
            row for row in self.central("licences", CUSTOMER)["items"]
            if (row["virtual_account"], row["tag"]) == (self.plan.short_in, self.plan.short)
        )  # fmt: skip
        expect(row["balance"] < 0 and row["status"] == "out_of_compliance", f"the licence shows {row}")
        for side in (self.central("alerts", CUSTOMER), self.satellite("alerts")):
            kinds = {alert["kind"] for alert in side["items"]}
            expect("insufficient_licences" in kinds, f"alerts are {sorted(kinds)}")
        return f"{row['name']}: {row['purchased']} bought, {row['in_use']} in use"

    def see_expiring(self) -> str:
        """The term that ends in twenty days is announced, with the day."""
        alerts = [a for a in self.central("alerts", CUSTOMER)["items"] if a["kind"] == "licences_expiring"]
        expect(alerts, "central raised no alert of the term that ends")
        return str(alerts[0]["message"])

    def synchronize_again(self) -> str:
        """One device changes; the second request holds it, and not the others."""
        home = str(self.fleet["Core"][0]["home"])
        self.agent(home, "use", self.plan.ends, "3")
        made, _ = self._round_trip(2)
        rows = sum(count for kind, count in made["counts"].items() if kind != "event")
        expect(not made["full"] and 0 < rows <= LARGEST_DELTA, f"the second request carries {made['counts']}")
        shown = {(r["virtual_account"], r["tag"]): r["in_use"] for r in self.central("licences", CUSTOMER)["items"]}
        at_site = {(r["virtual_account"], r["tag"]): r["in_use"] for r in self.satellite("licences")["items"]}
        wrong = {key: (count, shown.get(key)) for key, count in at_site.items() if shown.get(key) != count}
        expect(not wrong, f"counts differ after the second synchronization: {wrong}")
        return f"request {made['counts']} of {self.figures['devices']} devices"

    def try_bad_files(self) -> str:
        """A repeated file changes nothing; one changed byte, a cut and a wrong kind are each refused by name."""
        request, response = self.file("request-2.pgx"), self.file("response-2.pgx")
        again = self.central("sync", "import", request, "--output", self.file("response-2-again.pgx"))
        same = Path(self.file("response-2-again.pgx")).read_bytes() == Path(response).read_bytes()
        expect(again["outcome"] == "already_answered" and same, f"the repeated request gave {again['outcome']}")
        applied = self.satellite("sync", "import", response)["outcome"]
        expect(applied == "already_applied", f"the repeated response gave {applied}")
        data = Path(response).read_bytes()
        changed = data[:-40] + bytes([data[-40] ^ 1]) + data[-39:]
        refusals = {}
        for name, content in (("altered", changed), ("truncated", data[:-40]), ("wrong_kind", None)):
            path = Path(self.file(f"{name}.pgx"))
            path.write_bytes(Path(request).read_bytes() if content is None else content)
            refusals[name] = self.satellite("sync", "import", str(path), code=1)["error"]["code"]
        expect(all(name == code for name, code in refusals.items()), f"refusals are {refusals}")
        return "already_answered, already_applied, altered, truncated, wrong_kind"

    def explain(self) -> str:
        """The ledger recomputes every holding and lists where a number comes from."""
        verified = self.central("ledger", "verify")
        expect(verified["ok"], f"the ledger says {verified}")
        self.central("ledger", "explain", CUSTOMER, "--virtual-account", self.plan.short_in, self.plan.short)
        expect(self.central("events", CUSTOMER)["items"], "central wrote no event")
        expect(self.central("transactions", CUSTOMER)["items"], "central wrote no transaction")
        expect(SPARE > 1, "the orders leave no spare")
        write_access(self.folder, self.servers, self.users)
        return "ledger recomputed, no difference"
