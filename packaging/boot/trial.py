"""Runs inside the booted system: takes the packages from their installation to a licensed device, through a kill and a reboot.

Each step is a line of JSON in /root/trial.jsonl: `step`, `ok`, and what was seen. The first step that fails ends the trial.
"""

from __future__ import annotations

import json
import re
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path("/root")
REPORT, STATE = ROOT / "trial.jsonl", ROOT / "trial.state"
SITE, DEVICE, CUSTOMER, TAG = "https://127.0.0.1", ROOT / "device", "customer.example", "SW-ADVANTAGE"
CATALOGUE = f"kind,tag,name,restricted\nentitlement,{TAG},SW-48 Advantage,no\n"
ORDERS = f"virtual_account,tag,quantity,type,billing,start,end,order_number,order_line\nSite,{TAG},10,perpetual,prepaid,,,A-1,1\n"


def run(*words: str, code: int = 0) -> Any:
    """What a command prints as JSON; it must end with this exit code."""
    done = subprocess.run([words[0], "--json", *words[1:]], capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == code, (
        f"{' '.join(words)}: exit {done.returncode}: {done.stdout[-600:]}{done.stderr[-600:]}"
    )
    return json.loads(done.stdout) if done.stdout.strip() else None


def shell(*words: str) -> str:
    """What a program of the system prints."""
    return subprocess.run(words, capture_output=True, text=True, timeout=900, check=True).stdout.strip()


def until(what: Callable[[], Any], seconds: float = 60) -> Any:
    """Wait for something to be true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            found = what()
        except (OSError, AssertionError, subprocess.SubprocessError):
            found = None
        if found:
            return found
        time.sleep(0.3)
    raise AssertionError("this did not come true in time")


def get(url: str) -> tuple[int, str]:
    """Status and text of a page."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    request = urllib.request.Request(url, headers={"Accept": "text/html"})  # noqa: S310 - a literal address
    try:
        with urllib.request.urlopen(request, timeout=20, context=context) as answer:  # noqa: S310 - as above
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def pid() -> int:
    """The main process of the satellite's service; 0 for none."""
    return int(shell("systemctl", "show", "-P", "MainPID", "perigee-satellite"))


def active(unit: str) -> bool:
    """Whether a unit is active."""
    return subprocess.run(["systemctl", "is-active", "-q", unit], check=False).returncode == 0


def quiet_without_a_home() -> dict[str, Any]:
    """Unconfigured services neither run nor fail."""
    assert not active("perigee-central")
    assert not active("perigee-satellite")
    failed = shell("systemctl", "--failed", "--plain", "--no-legend")
    assert "perigee" not in failed, failed
    return {"failed": failed}


def make_central() -> dict[str, Any]:
    """Central from its package: home, customer, catalogue, orders; then its service starts."""
    config = Path("/etc/perigee/central.toml")
    config.write_text(config.read_text().replace('"0.0.0.0:443"', '"127.0.0.1:8443"'))
    (ROOT / "catalogue.csv").write_text(CATALOGUE)
    (ROOT / "orders.csv").write_text(ORDERS)
    run("central", "init", "--vendor", "Example Networks", "--root-keys", "/root/root-keys")
    run("central", "account", "create", CUSTOMER, "--name", "Customer")
    run("central", "agreement", "accept", CUSTOMER)
    run("central", "virtual-account", "create", CUSTOMER, "Site")
    run("central", "catalogue", "import", "/root/catalogue.csv")
    run("central", "order", "import", CUSTOMER, "/root/orders.csv")
    run("central", "root", "export", "--output", "/etc/perigee/vendor-root.json")
    Path("/etc/perigee/vendor-root.json").chmod(0o644)
    shell("systemctl", "start", "perigee-central")
    assert active("perigee-central")
    return {"owner": shell("stat", "-c", "%U", "/var/lib/perigee-central/central.db")}


def first_boot() -> dict[str, Any]:
    """With the vendor's root the satellite makes its home; journal and console show the set-up code; the wizard answers."""
    shell("systemctl", "start", "perigee-satellite-init", "perigee-satellite")
    journal = shell("journalctl", "--no-pager", "-o", "cat", "-u", "perigee-satellite")
    code = re.search(r"Set-up code: ([A-Z0-9-]+)", journal)
    assert code, journal
    issue = Path("/run/issue.d/perigee-satellite.issue").read_text()
    assert code[1] in issue, issue
    mode = Path("/var/lib/perigee-satellite/setup-code").stat().st_mode & 0o777
    assert mode == 0o400, oct(mode)
    status, page = get(f"{SITE}/")
    assert status == 200 and "Set-up code" in page, (status, page[-1500:])
    plain = get("http://127.0.0.1:8080/")
    assert plain[0] in {200, 301, 307, 308} and "https://" in plain[1], plain
    return {"issue": issue.splitlines()[0], "mode": oct(mode)}


def wizard() -> dict[str, Any]:
    """Registration and authorization by files, time, way, summary; by command, as the pages do it."""
    (ROOT / "password").write_text("a-long-passphrase-for-the-trial\n")
    run("satellite", "user", "add", "anna", "--role", "administrator", "--password-file", "/root/password")
    run("satellite", "registration", "export", "--output", "/root/registration.pgx")
    run(
        "central",
        "satellite",
        "add",
        CUSTOMER,
        "--name",
        "North",
        "--virtual-account",
        "Site",
        "--registration",
        "/root/registration.pgx",
    )
    run("central", "satellite", "authorize", CUSTOMER, "North", "--output", "/root/authorization.pgx")
    run("satellite", "registration", "import", "/root/authorization.pgx")
    run("satellite", "time", "confirm")
    run("satellite", "setup", "mode", "manual")
    run("satellite", "setup", "finish")
    return {"state": run("satellite", "setup", "status")}


def device() -> dict[str, Any]:
    """A device registers over HTTPS and uses licences."""
    token = run("satellite", "token", "create", "--virtual-account", "Site", "--days", "30")["token"]
    (ROOT / "token").write_text(token)
    fingerprint = run("satellite", "tls", "show")["fingerprint"]
    run(
        "agent", "--home", str(DEVICE), "register", "--url", SITE, "--fingerprint", fingerprint, "--root", "/etc/perigee/vendor-root.json",
        "--token-file", "/root/token", "--pid", "SW-48", "--serial", "SN1",
    )  # fmt: skip
    run("agent", "--home", str(DEVICE), "use", TAG, "2")
    return {"status": run("agent", "--home", str(DEVICE), "status")["registration"]}


def request_file() -> dict[str, Any]:
    """A request goes to central by file, and its response comes back."""
    run("satellite", "sync", "export", "--output", "/root/request.pgx")
    run("central", "sync", "import", "/root/request.pgx", "--output", "/root/response.pgx")
    return {"applied": run("satellite", "sync", "import", "/root/response.pgx")["outcome"]}


def survives_a_kill() -> dict[str, Any]:
    """SIGKILL of the main process: the service manager starts the satellite again, and the device goes on."""
    before = pid()
    shell("kill", "-9", str(before))
    until(lambda: pid() not in {0, before} and active("perigee-satellite"))
    run("agent", "--home", str(DEVICE), "renew", "auth")
    return {"before": before, "after": pid()}


def survives_silence() -> dict[str, Any]:
    """Workers that are stopped answer nothing; the watchdog notices, and the satellite is started again."""
    before = pid()
    children = Path(f"/proc/{before}/task/{before}/children").read_text().split()
    shell("kill", "-STOP", *children)
    until(lambda: pid() not in {0, before} and active("perigee-satellite"), 300)
    run("agent", "--home", str(DEVICE), "renew", "auth")
    return {"before": before, "after": pid()}


def jobs_apart() -> dict[str, Any]:
    """Jobs run in a service of their own, which starts again when it is killed; a second process is refused."""
    unit = "perigee-satellite-jobs"
    until(lambda: active(unit) and active("perigee-central-jobs"))
    before = int(shell("systemctl", "show", "-P", "MainPID", unit))
    words = ("runuser", "-u", "perigee-satellite", "--", "satellite", "--json", "jobs", "serve")
    second = subprocess.run(words, capture_output=True, text=True, timeout=900, check=False)
    refused = json.loads(second.stdout)["error"]["code"]
    assert refused == "scheduler_running", refused
    shell("kill", "-9", str(before))
    until(lambda: active(unit) and int(shell("systemctl", "show", "-P", "MainPID", unit)) not in {0, before})
    return {"before": before, "refused": refused}


def versions() -> set[str]:
    """The versions of the installed packages."""
    return set(shell("dpkg-query", "-W", "-f", "${Version}\n", "perigee-*").split())


def update() -> dict[str, Any]:
    """An altered update changes nothing; one that does not serve is taken back with its database; a good one serves."""
    first = versions()
    (ROOT / "passphrase").write_text("a-long-passphrase-for-backups\n")
    run("satellite", "backup", "passphrase", "--passphrase-file", "/root/passphrase")
    data = bytearray((ROOT / "good.tar").read_bytes())
    data[len(data) // 2] ^= 1
    (ROOT / "altered.tar").write_bytes(data)
    altered = run("satellite", "update", "apply", "/root/altered.tar", code=1)["error"]["code"]
    assert altered == "update_altered", altered
    begun = time.monotonic()
    back = run("satellite", "update", "apply", "/root/broken.tar", code=1)["error"]
    assert back["code"] == "update_failed" and "went back" in back["message"], back
    went_back = time.monotonic() - begun
    assert versions() == first, versions()
    until(lambda: active("perigee-satellite") and active("perigee-central") and active("perigee-satellite-jobs"))
    run("agent", "--home", str(DEVICE), "renew", "auth")
    begun = time.monotonic()
    done = run("satellite", "update", "apply", "/root/good.tar")
    assert done["outcome"] == "installed", done
    assert versions() == {done["to"]} != first, versions()
    until(lambda: active("perigee-satellite") and active("perigee-central") and active("perigee-satellite-jobs"))
    run("agent", "--home", str(DEVICE), "renew", "auth")
    older = run("satellite", "update", "apply", "/root/good.tar", code=1)["error"]["code"]
    assert older == "update_not_newer", older
    return {
        "from": done["from"],
        "to": done["to"],
        "went_back_s": round(went_back),
        "s": round(time.monotonic() - begun),
    }


def installs_again() -> dict[str, Any]:
    """The packages over themselves, as an upgrade does: configuration and homes stay, the services run on."""
    shell("sh", "-c", "dpkg --force-confold -i /root/packages/*.deb >/root/dpkg.log 2>&1")
    until(lambda: active("perigee-satellite") and active("perigee-central"))
    assert "8443" in Path("/etc/perigee/central.toml").read_text()
    run("agent", "--home", str(DEVICE), "renew", "auth")
    return {"devices": len(run("satellite", "instances")["items"])}


def only_declared_ports() -> dict[str, Any]:
    """Nothing listens but the satellite's two ports and central's one."""
    ports = set()
    for name in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A":
                ports.add(int(fields[1].rpartition(":")[2], 16))
    assert ports == {443, 8080, 8443}, ports
    return {"ports": sorted(ports)}


def after_the_reboot() -> dict[str, Any]:
    """Both services start by themselves; the device goes on; the next request follows the last one."""
    until(lambda: active("perigee-satellite") and active("perigee-central"), 120)
    until(lambda: socket.create_connection(("127.0.0.1", 443), timeout=2))
    run("agent", "--home", str(DEVICE), "renew", "auth")
    return request_file()


def doctors() -> dict[str, Any]:
    """A home that root worked on still belongs to its service, and its ledger adds up."""
    owners = set(shell("sh", "-c", "stat -c %U /var/lib/perigee-satellite/* /var/lib/perigee-central/*").split())
    assert owners <= {"perigee-satellite", "perigee-central", "root"}, owners
    # The helper's folder, `perigee-update`, is root's own.
    assert "root" not in set(
        shell("sh", "-c", "find /var/lib/perigee-satellite /var/lib/perigee-central ! -type l -printf '%u\\n'").split()
    )
    return {"ledger": run("central", "ledger", "verify")["findings"]}


BOOTS: tuple[tuple[Callable[[], dict[str, Any]], ...], ...] = (
    (quiet_without_a_home, make_central, first_boot, wizard, device, request_file, survives_a_kill, survives_silence, jobs_apart, only_declared_ports, installs_again, update),
    (after_the_reboot, doctors),
)  # fmt: skip


def main() -> int:
    """One boot's steps; 0 when all are true."""
    boot = int(STATE.read_text()) if STATE.exists() else 0
    for step in BOOTS[boot]:
        begun = time.monotonic()
        try:
            seen, fault = step(), None
        except Exception as error:
            seen, fault = {}, f"{type(error).__name__}: {error}"
        line = {
            "step": step.__name__,
            "ok": fault is None,
            "seconds": round(time.monotonic() - begun, 1),
            "seen": seen,
            "fault": fault,
        }
        with REPORT.open("a") as file:
            file.write(json.dumps(line, default=str) + "\n")
        if fault is not None:
            shell("sh", "-c", "journalctl --no-pager -b >/root/journal.txt")
            return 1
    STATE.write_text(str(boot + 1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
