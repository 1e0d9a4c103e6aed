"""What monitoring is told: figures that agree with the commands, few series, rules and dashboard that name what there is."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from central.actions.metrics import subject_of as central_subject
from central.jobs.catalogue import jobs_of as central_jobs
from central.runtime import open_central
from satellite.actions.metrics import subject_of as satellite_subject
from satellite.jobs.catalogue import jobs_of as satellite_jobs
from satellite.runtime import open_satellite
from serverkit.devices.timing import Timing, kind_of
from serverkit.metrics import families
from serverkit.metrics.listener import Listener, Subject
from tests.world import ACCOUNT, World

MONITORING = Path(__file__).resolve().parents[2] / "packaging" / "monitoring"
DOCS = Path(__file__).resolve().parents[2] / "docs" / "admin" / "monitoring.md"


def told(world: World, program: str) -> tuple[str, dict[str, dict[tuple[str, ...], float]]]:
    """The text of `/metrics`, and its values by name and words of the labels in their order."""
    if program == "central":
        central = open_central(world.folder / "central")
        text = central_subject(central, central_jobs).metrics().decode()
        central.database.dispose()
    else:
        satellite = open_satellite(world.folder / "satellite")
        text = satellite_subject(satellite, satellite_jobs).metrics().decode()
        satellite.database.dispose()
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return text, found


def times() -> str:
    """The text of the times of a process that answered one request and settled one group."""
    from prometheus_client import generate_latest

    timing = Timing()
    timing.request("/device/v1/register", 200, 0.02)
    timing.settling(lambda _messages: None)([1, 2, 3])
    return generate_latest(timing.registry).decode()


@pytest.mark.both_databases
@pytest.mark.row("B20")
def test_a_satellite_tells_what_its_commands_tell(site: World) -> None:
    """Licences by virtual account and tag, alerts by severity, synchronization, queue, certificates, jobs, checks."""
    device = site.device("S1")
    device.use("ADVANTAGE", 1)
    site.satellite("jobs", "run", "alerts")
    _, found = told(site, "satellite")

    for row in site.satellite("licences")["items"]:
        words = (row["tag"], row["virtual_account"])  # in the order of the labels' names
        for name in ("purchased", "in_use", "balance"):
            assert found[f"perigee_licences_{name}"][words] == row[name], (name, words)
    assert found["perigee_licences_in_use"][("ADVANTAGE", "Site")] == 1
    assert sum(found["perigee_alerts"].values()) == len(site.satellite("alerts")["items"])
    assert found["perigee_seconds_since_synchronization"][()] >= 0
    assert found["perigee_seconds_until_synchronization"][("overdue",)] == pytest.approx(66 * 86400, abs=86400)
    assert {"root", "identity", "device_ca"} <= {words[0] for words in found["perigee_certificate_seconds"]}
    assert found["perigee_check"][("database",)] == 0
    assert found["perigee_job_failed"][("alerts",)] == 0
    assert found["perigee_mail"] == {("failed",): 0, ("retried",): 0}
    site.satellite("clock", "advance", "67d")
    _, found = told(site, "satellite")
    assert found["perigee_seconds_until_synchronization"][("overdue",)] < 0
    assert found["perigee_check"][("synchronization",)] == 2


@pytest.mark.both_databases
@pytest.mark.row("B20")
def test_central_tells_licences_by_account(vendor: World) -> None:
    """Figures of all virtual accounts of an account are added up."""
    _, found = told(vendor, "central")

    assert found["perigee_licences_purchased"][(ACCOUNT, "ADVANTAGE")] == 13
    assert found["perigee_licences_balance"][(ACCOUNT, "STRONG")] == 2
    assert found["perigee_licence_accounts_left_out"][()] == 0
    assert {"root", "response"} <= {words[0] for words in found["perigee_certificate_seconds"]}
    assert found["perigee_check"][("keys",)] == 0


@pytest.mark.row("B20")
def test_series_stay_few_however_many_pools_there_are() -> None:
    """The pools with the least balance are kept, and how many are left out is told."""
    pools = {(f"va-{number}", "A"): families.Pool(10, 0, number) for number in range(families.MOST_SERIES + 7)}
    purchased, _, balance, left_out = families.licences(pools, ("virtual_account", "licence"))

    assert len(purchased.values) == len(balance.values) == families.MOST_SERIES
    assert (("va-0", "A") in balance.values, ("va-1006", "A") in balance.values) == (True, False)
    assert left_out.values == {(): 7}
    assert {kind_of(path) for path in ("/device/v1/x", "/api/v1/y", "/static/a/b", "/readyz", "/any/0a1b", "/")} == {
        "device", "api", "static", "health", "page",
    }  # fmt: skip


@pytest.mark.row("B20")
def test_the_management_listener_tells_nothing_without_its_token(tmp_path: Path) -> None:
    """Health needs none; any other address or method is refused; a token is read anew at each request."""
    token = tmp_path / "token"
    token.write_text("geheim-1\n")
    listener = Listener(Subject({}, lambda: b"perigee_info 1\n"), token)

    def ask(path: str, given: str = "", method: str = "GET") -> tuple[int, bytes]:
        more = f"Authorization: Bearer {given}\r\n" if given else ""
        head, _, body = listener.answer(f"{method} {path} HTTP/1.1\r\nHost: x\r\n{more}\r\n".encode()).partition(
            b"\r\n\r\n"
        )
        return int(head.split()[1]), body

    assert ask("/healthz") == (200, b"ok\n")
    assert [ask("/metrics")[0], ask("/metrics", "geheim-2")[0], ask("/readyz")[0]] == [401, 401, 401]
    assert ask("/metrics", "geheim-1") == (200, b"perigee_info 1\n")
    assert json.loads(ask("/readyz", "geheim-1")[1])["ready"]
    assert [ask("/")[0], ask("/metrics", "geheim-1", "POST")[0]] == [404, 405]
    assert ask("/metrics", "geheim-1", "HEAD") == (200, b"")
    token.write_text("")
    assert ask("/metrics", "geheim-1")[0] == 401
    broken = Listener(Subject({}, lambda: 1 / 0), None)  # type: ignore[arg-type,return-value]
    assert broken.answer(b"GET /metrics HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 503")


@pytest.mark.row("B20")
def test_an_address_that_others_reach_needs_a_token(site: World) -> None:
    """Without one the start is refused, and the check says so."""
    config = site.folder / "satellite" / "config.toml"
    config.write_text('[management]\nbind = "0.0.0.0:9464"\n')
    (fault,) = site.satellite("config", "check", code=1)["faults"]
    assert "management.token_file" in fault["message"]
    config.write_text('[management]\nbind = "127.0.0.1:9464"\n')
    assert site.satellite("config", "check")["sound"]
    config.write_text('[management]\nbind = "0.0.0.0:9464"\ntoken_file = "/etc/perigee/token"\n')
    assert site.satellite("config", "check")["sound"]


def named_in(text: str) -> set[str]:
    """The metrics that a text names, without what a histogram adds."""
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in re.findall(r"\bperigee_[a-z_]+", text)}


@pytest.mark.row("B20")
def test_rules_dashboard_and_page_name_the_metrics_that_there_are(site: World) -> None:
    """The page lists every metric of both servers and no other; rules and dashboard are valid for a real Prometheus."""
    site.satellite("jobs", "run", "alerts")
    site.central("jobs", "run", "alerts")
    texts = [told(site, "satellite")[0], told(site, "central")[0], times()]
    there = {name for text in texts for name in named_in("\n".join(re.findall(r"^# TYPE (\S+) ", text, re.MULTILINE)))}
    there |= {"perigee_backup_age_seconds", "perigee_oldest_synchronization_seconds"}  # once there is one
    there = {name for name in there if not name.endswith("_created")}

    assert named_in(DOCS.read_text("utf-8")) == there
    rules = (MONITORING / "perigee.rules.yml").read_text("utf-8")
    board = json.loads((MONITORING / "grafana-dashboard.json").read_text("utf-8"))
    shown = " ".join(target["expr"] for panel in board["panels"] for target in panel["targets"])
    assert named_in(rules) <= there
    assert named_in(shown) <= there
    assert there - named_in(shown) <= {"perigee_info", "perigee_licences_purchased", "perigee_licence_series_left_out",
        "perigee_licence_accounts_left_out", "perigee_satellites"}  # fmt: skip
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool of Debian's package prometheus is not installed; `make test` installs it")
    for text in texts:
        checked: Any = subprocess.run(
            [promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False
        )
        assert checked.returncode == 0, checked.stdout + checked.stderr
    done = subprocess.run(
        [promtool, "test", "rules", str(MONITORING / "perigee.rules.test.yml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
