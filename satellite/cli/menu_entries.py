"""The entries of `satellite console`: each asks what its command needs, shows that command, and runs it."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from satellite.actions import users
from satellite.actions.console_settings import show_network
from satellite.actions.media import CarriedFile, choose_file, list_carried_files
from satellite.actions.setup import needs_administrator, read_setup_code
from satellite.actions.site import show_status
from satellite.actions.time import propose_time_server
from satellite.actions.tls import ACTS as TLS
from satellite.cli.menu_base import Menu
from serverkit.actor import OPERATOR
from serverkit.cli.base import cell
from serverkit.log import LOG_FILES, LOGS

UNIT, UNIT_HOME = "perigee-satellite.service", Path("/var/lib/perigee-satellite")
LOG_LINES, LOG_BYTES = 40, 64 * 1024
IMPORTS = {"sync-response": ("sync", "import"), "authorization": ("registration", "import")}


def _state(menu: Menu) -> None:
    menu.run("status")
    menu.terminal.say()
    menu.run("alerts")


def _address(menu: Menu) -> None:
    with menu.reading() as (server, unit):
        network, certificate = show_network(server, unit), TLS.show(server, unit)
    menu.terminal.say("Commands: satellite network show, satellite tls show\n")
    for address in _addresses(network):
        menu.terminal.say(address)
    digits = str(certificate.get("fingerprint") or "").upper()
    pairs = [digits[at : at + 2] for at in range(0, len(digits), 2)]
    menu.terminal.say(f"\nCertificate: {certificate['state']}")
    if pairs:
        menu.terminal.say(f"SHA-256 fingerprint:\n  {':'.join(pairs[:16])}:\n  {':'.join(pairs[16:])}")
    else:
        menu.terminal.say("There is no fingerprint yet; the server makes a certificate when it starts.")


def _addresses(network: dict[str, Any]) -> list[str]:
    """Where browsers reach the console, by the address that is set."""
    if network["bind"].startswith("unix:"):
        return ["The console is behind a reverse proxy; its address is that of the proxy."]
    host, _, port = network["bind"].rpartition(":")
    if host not in {"", "0.0.0.0", "[::]"}:  # noqa: S104 - what is set, not what is bound here
        hosts = [host]
    else:
        own = [one for one in network["addresses"] if one != "::1" and not one.startswith("127.")]
        hosts = [*network["file_names"], *network["names"], *own] or [network["hostname"]]
    shown = [f"[{one}]" if ":" in one and not one.startswith("[") else one for one in dict.fromkeys(hosts)]
    return [f"https://{one}{'' if port == '443' else f':{port}'}/" for one in shown]


def _setup_code(menu: Menu) -> None:
    with menu.reading() as (server, unit):
        needed, code = needs_administrator(unit), read_setup_code(server, unit)
    if not needed:
        menu.terminal.say("There is an administrator; a set-up code is no longer needed.")
        return
    menu.terminal.say(f"Set-up code: {code}" if code else "No set-up code is kept.")
    if menu.terminal.agrees("\nMake a new one? The present one is void then."):
        menu.run("setup", "code")


def _time(menu: Menu) -> None:
    menu.run("time", "show")
    asks = menu.terminal
    asks.say("\n  1  Set the time zone of this satellite\n  2  Measure against a time server and keep it")
    asks.say("  3  Confirm that the clock is right")
    wanted = asks.choose("What to do?", 3)
    if wanted == 1 and (zone := asks.ask("Time zone, such as Europe/Vienna: ")):
        menu.run("time", "settings", "--zone", zone)
    elif wanted == 2:
        with menu.reading() as (_, unit):
            known = propose_time_server(unit)
        name = asks.ask(f"Time server{f' (Enter for {known})' if known else ''}: ") or known
        if name:
            menu.run("timesync", "--server", name)
    elif wanted == 3 and asks.agrees("Is the time above right?"):
        menu.run("time", "confirm")


def _export(menu: Menu) -> None:
    with menu.reading() as (server, unit):
        registered = show_status(server, unit)["state"] == "authorized"
    if registered:
        menu.write("request", ".pgx", "sync", "export")
    else:
        menu.terminal.say("This satellite is not registered yet: the file asks central to register it.\n")
        menu.write("registration", ".pgx", "registration", "export")


def _import(menu: Menu) -> None:
    folder, asks = menu.medium(), menu.terminal
    if folder is None:
        return
    asks.say("The files are examined. Please wait.\n")
    with menu.server() as server:
        files = list_carried_files(server, OPERATOR, folder)
    if not files:
        asks.say(f"There is no file *.pgx in {cell(folder)} or the folders in it.")
        return
    best, why = choose_file(files)
    asks.show("\n".join(_described(at, one, folder) for at, one in enumerate(files, 1)))
    asks.say(f"\n{why}")
    at = asks.choose("Which file?", len(files), None if best is None else best + 1)
    if at is None:
        return
    chosen = files[at - 1]
    words = IMPORTS.get(chosen.kind or "")
    if words is None:
        asks.say(f"{cell(chosen.path.name)} is not a file for a satellite; a response or an authorization is needed.")
    else:
        asks.say("Please wait.")
        menu.run(*words, str(chosen.path))


def _described(at: int, one: CarriedFile, folder: Path) -> str:
    facts = [one.kind or "unknown"]
    facts += [f"epoch {one.epoch}"] if one.epoch is not None else []
    facts += [f"number {one.sequence}"] if one.sequence is not None else []
    facts += [f"made {one.created}"] if one.created else []
    said = "would be applied" if one.would_be_applied else one.outcome or "not for a satellite"
    said = one.refusal or said.replace("_", " ")
    return f"{at:>3}  {cell(one.path.relative_to(folder))}\n     {', '.join(facts)}\n     {cell(said)}"


def _backup(menu: Menu) -> None:
    menu.terminal.say("The passphrase of the backup is shown once: write it down, and keep it away from the stick.\n")
    menu.write("backup", ".pgb", "backup", "create")


def _reset(menu: Menu) -> None:
    asks = menu.terminal
    with menu.reading() as (_, unit):
        names = [one["name"] for one in users.list_users(unit, users.BY_NAME).items]
    if not names:
        asks.say("There is no user yet; the set-up code makes the first administrator.")
        return
    asks.show("\n".join(f"{at:>3}  {name}" for at, name in enumerate(names, 1)))
    at = asks.choose("Whose password?", len(names))
    if at is None:
        return
    password = asks.ask_hidden("New password: ")
    if password != asks.ask_hidden("Again: "):
        asks.say("The two are not the same; nothing was changed.")
        return
    words = ["user", "reset", names[at - 1]]
    more = ["--two-step-off"] if asks.agrees("Remove the second step too, since the authenticator was lost?") else []
    with _unseen_file(password) as path:
        menu.run(*words, "--password-file", str(path), *more, shown=[*words, "--password-file", "FILE", *more])


@contextmanager
def _unseen_file(text: str) -> Iterator[Path]:
    """A file with a secret that is in memory only, and that no other process is given."""
    descriptor = os.memfd_create("secret")
    try:
        os.write(descriptor, text.encode())
        yield Path(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)


def _update(menu: Menu) -> None:
    folder, asks = menu.medium(), menu.terminal
    if folder is None:
        return
    files = sorted(path for path in folder.glob("perigee-*.tar") if path.is_file())[:20]
    if not files:
        asks.say(f"There is no file perigee-*.tar in {cell(folder)}.")
        return
    asks.show("\n".join(f"{at:>3}  {cell(path.name)}" for at, path in enumerate(files, 1)))
    at = asks.choose("Which update?", len(files), len(files) if len(files) == 1 else None)
    if at is None or not menu.still_there(folder):
        return
    asks.say("The file is verified. Please wait.\n")
    if menu.run("update", "verify", str(files[at - 1])) and asks.agrees(
        "\nInstall it? The service stops for a minute."
    ):
        asks.say("Please wait; the stick stays in.\n")
        menu.run("update", "apply", str(files[at - 1]))


def _reset_tls(menu: Menu) -> None:
    menu.terminal.say("A new key and a new certificate take the place of those in use, imported or damaged too.")
    menu.terminal.say("Browsers warn once more, and agents that know a fingerprint need the new one.\n")
    if menu.terminal.agrees("Reset the TLS certificate?"):
        menu.run("tls", "reset", "--yes")
        menu.terminal.say("\nRunning processes load it within seconds; a server that did not start has to be started.")


def _support(menu: Menu) -> None:
    menu.write("support", ".zip", "support", "bundle")


def _log(menu: Menu) -> None:
    file = menu.home / LOGS / LOG_FILES[-1]
    menu.terminal.say(f"Command: tail -n {LOG_LINES} {shlex.quote(str(file))}\n")
    try:
        with file.open("rb") as stream:
            stream.seek(max(0, file.stat().st_size - LOG_BYTES))
            lines = stream.read(LOG_BYTES).decode("utf-8", "replace").splitlines()[-LOG_LINES:]
    except OSError as error:
        menu.terminal.say(f"There is no log to show: {error.strerror}. The journal may have more: journalctl -u {UNIT}")
        return
    menu.terminal.show("\n".join(_plain(line) for line in lines) or "(empty)")


def _plain(line: str) -> str:
    try:
        said: dict[str, Any] = dict(json.loads(line))
    except (ValueError, TypeError):
        return line
    first = [str(said.pop(name, "")) for name in ("timestamp", "level", "event")]
    return " ".join([*first, *(f"{name}={value}" for name, value in said.items())])


def _restart(menu: Menu) -> None:
    program = shutil.which("systemctl")
    if program is None or menu.home.resolve() != UNIT_HOME or not _is_unit(program):
        menu.terminal.say(f"No service of this machine runs {menu.home}: restart the server where you started it.")
        return
    menu.terminal.say(f"Command: systemctl restart {UNIT}\n")
    if menu.terminal.agrees("Restart the service? Devices retry by themselves."):
        menu.terminal.say("Please wait.")
        ended = _call(program, "restart", UNIT)
        said = f"{ended.stdout}{ended.stderr}".strip()
        menu.terminal.show(said or ("The service runs again." if ended.returncode == 0 else "The restart failed."))


def _is_unit(program: str) -> bool:
    return "LoadState=loaded" in _call(program, "show", "--property=LoadState", UNIT).stdout


def _call(program: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([program, *words], capture_output=True, text=True, errors="replace", check=False)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the menu: what it is for, the command that does the same, and what it does."""

    title: str
    command: str
    act: Callable[[Menu], None]


ENTRIES = (
    Entry("State", "satellite status, satellite alerts", _state),
    Entry("Console address and fingerprint", "satellite tls show", _address),
    Entry("Set-up code", "satellite setup code", _setup_code),
    Entry("Time", "satellite time, satellite timesync", _time),
    Entry("Write a file for central to a stick", "satellite sync export", _export),
    Entry("Import a file from a stick", "satellite sync import", _import),
    Entry("Back up to a stick", "satellite backup create", _backup),
    Entry("Install an update from a stick", "satellite update apply", _update),
    Entry("Reset the password of a user", "satellite user reset", _reset),
    Entry("Reset the TLS certificate", "satellite tls reset", _reset_tls),
    Entry("Support bundle to a stick", "satellite support bundle", _support),
    Entry("Last lines of the log", "tail", _log),
    Entry("Restart the service", "systemctl restart", _restart),
)
