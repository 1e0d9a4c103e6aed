"""`python -m demo`: tell the story and stay up; with `--once` check every step, write the report and end."""

from __future__ import annotations

import argparse
import fcntl
import json
import platform
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, Any

from demo.commands import DemoError
from demo.story import CUSTOMER, Story

FOLDER = Path("build") / "demo"
MARK = "DEMONSTRATION"


def main() -> int:
    """Run the demonstration; 0 when every step worked."""
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="check every step, write the report, end everything")
    parser.add_argument(
        "--folder", type=Path, help=f"where the demonstration lives, {FOLDER} by default; it is emptied first"
    )
    choice = parser.parse_args()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, _stop)
    folder, lock = _own_folder(choice.folder)
    if folder is None:
        parser.error(f"another demonstration runs in {choice.folder}; end it, or choose another folder")
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        parser.error(f"{folder} holds something else; choose an empty folder")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / MARK).write_text("made by the demonstration; the next run removes this folder\n", encoding="utf-8")
    story = Story(folder)
    begun = time.monotonic()
    steps: list[dict[str, Any]] = []
    try:
        ok = _tell(story, steps)
        if ok and not choice.once:
            _stay(story)
    except KeyboardInterrupt:
        ok = not choice.once and bool(steps) and all(step["ok"] for step in steps)
    finally:
        codes = {name: server.stop() for name, server in story.servers.items()}
    if any(codes.values()):
        steps.append({"name": "servers end by themselves", "ok": False, "seconds": 0.0, "detail": str(codes)})
        ok = False
    story.figures["seconds"] = round(time.monotonic() - begun, 1)
    story.figures["machine"] = f"{platform.machine()}, Python {platform.python_version()}"
    report = {"ok": ok, "steps": steps, "figures": story.figures}
    (folder / "report.json").write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    sys.stdout.write(f"{'done' if ok else 'FAILED'}; report in {folder / 'report.json'}\n")
    lock.close()
    return 0 if ok else 1


def _own_folder(chosen: Path | None) -> tuple[Path | None, IO[str]]:
    """The folder of this run and the lock that holds it; beside a running demonstration one with a number."""
    wanted = [chosen] if chosen else [FOLDER, *(FOLDER.with_name(f"{FOLDER.name}-{number}") for number in range(2, 10))]
    for one in wanted:
        one.parent.mkdir(parents=True, exist_ok=True)
        lock = one.with_name(f".{one.name}.lock").open("w", encoding="ascii")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        return one.resolve(), lock
    return None, lock


def _stop(number: int, _frame: object) -> None:
    raise KeyboardInterrupt(number)


def _tell(story: Story, steps: list[dict[str, Any]]) -> bool:
    for name, step in story.steps:
        begun = time.monotonic()
        try:
            ok, detail = True, step()
        except DemoError as error:
            ok, detail = False, str(error)
        except (OSError, LookupError, ValueError, StopIteration, TypeError, subprocess.SubprocessError) as error:
            ok, detail = False, f"{type(error).__name__}: {error}"
        seconds = round(time.monotonic() - begun, 2)
        steps.append({"name": name, "ok": ok, "seconds": seconds, "detail": detail})
        sys.stdout.write(f"{'ok  ' if ok else 'FAIL'} {seconds:6.2f} s  {name}: {detail}\n")
        sys.stdout.flush()
        if not ok:
            return False
    return True


def _stay(story: Story) -> None:
    central, satellite = story.servers["central"], story.servers["satellite"]
    folder = story.folder
    lines = f"""
Central    {central.url}
           certificate {central.fingerprint}
Satellite  {satellite.url}
           certificate {satellite.fingerprint}

Sign in    {satellite.url}/ in a browser, as one of
{_people(story.users["satellite"])}
           {central.url}/ in a browser, as one of
{_people(story.users["central"])}
           Addresses, certificates, users and files of this run: {folder / "access.json"}
           Commands act as the administrator of the folder they are given. Devices register with {story.tokens["Campus"]}

Try        .venv/bin/central licences {CUSTOMER} --home {folder / "central"}
           .venv/bin/central alerts {CUSTOMER} --home {folder / "central"}
           .venv/bin/satellite instances --home {folder / "satellite"}
           .venv/bin/satellite sync preview --home {folder / "satellite"}
           .venv/bin/exchange inspect {folder / "request-1.pgx"}
           .venv/bin/agent register --home {folder / "mine"} --url {satellite.url} \\
             --fingerprint {satellite.fingerprint} \\
             --token-file {story.tokens["Campus"]} --root {folder / "root.json"} --pid C9300-48U --serial MINE0001

Both servers stay up until you press Ctrl-C.
"""
    sys.stdout.write(lines)
    sys.stdout.flush()
    threading.Event().wait()


def _people(users: list[dict[str, str]]) -> str:
    return "\n".join(f"             {user['name']:6} {user['password']}  {user['role']}" for user in users)


if __name__ == "__main__":
    sys.exit(main())
