"""Homes are made once, are the folder that was named, and no output takes the place of what is not a file."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import agent.cli
import central.cli
import exchange.__main__
import satellite.cli
from serverkit.backup.swap import hold_home, hold_jobs
from serverkit.errors import SchedulerRunningError
from tests.world import World


def apart(works: list[Callable[[], Any]]) -> list[Any]:
    """Do several things at once, each in a process of its own; what each returned."""
    start_read, start_write = os.pipe()
    running = []
    for work in works:
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(start_write)
            os.read(start_read, 1)  # ends when the last copy of the other end is closed
            try:
                os.write(write, json.dumps(work()).encode())
            finally:
                os._exit(0)
        os.close(write)
        running.append((pid, read))
    os.close(start_read)
    os.close(start_write)
    found = []
    for pid, read in running:
        with os.fdopen(read, "rb") as answer:
            found.append(json.loads(answer.read()))
        os.waitpid(pid, 0)
    return found


@pytest.mark.row("C1.1", "S1.1")
def test_of_several_inits_at_once_one_wins_and_the_others_change_nothing(vendor: World) -> None:
    """Each loser says that the home is taken; the winner's home works, with the id that the winner was told."""

    def satellite(name: str) -> Callable[[], Any]:
        words = ("init", "--name", name, "--root", vendor.file("root.json"), "--lab")
        return lambda: _either(lambda code: vendor.satellite(*words, code=code))

    found = apart([satellite(name) for name in ("One", "Two", "Three")])
    won, lost = [one for one in found if "id" in one], [one for one in found if "error" in one]
    assert len(won) == 1, found
    assert {one["error"]["code"] for one in lost} == {"home_already_initialised"}
    status = vendor.satellite("status")
    assert (status["id"], status["name"]) == (won[0]["id"], won[0]["name"])
    vendor.satellite("registration", "export", "--output", vendor.file("registration"))

    def central(number: str, keys: str) -> Callable[[], Any]:
        words = ("init", "--vendor", f"Vendor {number}", "--root-keys", vendor.file(keys), "--lab")
        other = World(vendor.folder / "other")
        return lambda: _either(lambda code: other.central(*words, code=code))

    (vendor.folder / "other").mkdir()
    found = apart([central("A", "keys-a"), central("B", "keys-b"), central("C", "keys-a")])
    won = [one for one in found if "id" in one]
    assert len(won) == 1, found
    other = World(vendor.folder / "other")
    rotated = other.central("root", "rotate", "--root-keys", won[0]["root_keys"])  # its root keys are whole, its own
    assert rotated["vendor_id"] == won[0]["id"]


def _either(run: Callable[[int], dict[str, Any]]) -> dict[str, Any]:
    """What a command says, refused or not."""
    import contextlib
    import io

    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        try:
            return run(0)
        except AssertionError as error:
            text = str(error)
    return dict(json.loads(text[text.index("{") :].splitlines()[0]))


HOMES = ["a?b=c", "s%20t", "ä ö", "a;b", "x#y", "file:z", "L" * 200, "linked", "-dash"]


@pytest.mark.row("S1.1", "B8")
def test_a_home_is_the_folder_that_was_named_and_no_other(vendor: World) -> None:
    """No letter of its path is read as a part of an address: init, commands, backup and restore meet in that folder."""
    place = vendor.folder / "places"
    place.mkdir()
    (place / "real").mkdir()
    (place / "linked").symlink_to("real")
    (vendor.folder / "passphrase").write_text("a long passphrase")
    for name in HOMES:
        home = f"places/{name}"
        made = vendor.satellite("init", "--name", "N", "--root", vendor.file("root.json"), "--lab", home=home)
        assert vendor.satellite("status", home=home)["id"] == made["id"]
        assert {"satellite.db", "keys", "anchor"} <= {path.name for path in (place / name).iterdir()}
    backup, secret = vendor.file("backup"), ("--passphrase-file", vendor.file("passphrase"))
    for name in HOMES[:4]:
        vendor.satellite("backup", "create", "--output", backup, *secret, home=f"places/{name}")
        vendor.satellite("restore", backup, "--replace", *secret, home=f"places/{name}")
    assert sorted(path.name for path in place.iterdir()) == sorted([*HOMES, "real"])
    assert vendor.run(satellite.cli.main, "", "status", code=1)["error"]["code"]


@pytest.mark.row("S1.1")
def test_init_closes_its_own_folder_and_leaves_the_modes_of_others(vendor: World) -> None:
    """An empty folder becomes private; one that holds other files keeps its mode, and what is secret in it is closed."""
    for name in ("empty", "mine"):
        (vendor.folder / name).mkdir()
        (vendor.folder / name).chmod(0o755)
    (vendor.folder / "mine" / "thesis.txt").write_text("work")
    for name in ("empty", "mine"):
        vendor.satellite("init", "--name", "N", "--root", vendor.file("root.json"), "--lab", home=name)
    modes = {name: stat.S_IMODE((vendor.folder / name).stat().st_mode) for name in ("empty", "mine")}
    assert modes == {"empty": 0o700, "mine": 0o755}
    inner = [path for path in (vendor.folder / "mine").iterdir() if path.name != "thesis.txt"]
    assert [path.name for path in inner if path.stat().st_mode & 0o077] == []


def _agent(*words: str) -> dict[str, Any]:
    return _json(lambda: agent.cli.main(["--json", *words]))


def _exchange(*words: str) -> dict[str, Any]:
    return _json(lambda: exchange.__main__.main(["--json", *words]))


def _json(work: Callable[[], object]) -> dict[str, Any]:
    import contextlib
    import io

    out = io.StringIO()
    with contextlib.redirect_stdout(out), pytest.raises(SystemExit):
        work()
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


@pytest.mark.row("S2.1", "E4", "D4")
def test_no_output_takes_the_place_of_what_is_no_regular_file(site: World) -> None:
    """Folders, links, pipes and devices stay, whichever program writes; nothing is booked."""
    folder = site.folder / "targets"
    folder.mkdir()
    (folder / "file").write_text("kept")
    (folder / "link").symlink_to("file")
    (folder / "dangling").symlink_to("nowhere")
    os.mkfifo(folder / "pipe")
    site.synchronize()
    site.central("root", "rotate", "--root-keys", site.file("root-keys"))
    response = site.synchronize("newer")
    assert response
    (folder / "outputs").mkdir()
    for target in (
        *(folder / name for name in ("link", "dangling", "pipe")),
        Path("/dev/null"),
        Path("/dev/stdout"),
    ):
        before = target.lstat()
        out = ("--output", str(target))
        refused = [
            site.central("root", "export", *out, code=1),
            site.central("satellite", "authorize", "customer.example", "North", *out, code=1),
            site.central("sync", "import", site.file("request-newer"), *out, code=1),
            site.central("backup", "create", *out, code=1),
            site.satellite("sync", "export", *out, code=1),
            site.satellite("registration", "export", *out, code=1),
            _agent("fleet", "inventory", str(folder / "outputs"), *out),
            _exchange(
                "inspect", site.file("response-newer"), "--root", site.file("root.json"), "--write-roots", str(target)
            ),
        ]
        assert [found["error"]["code"] for found in refused] == ["file_unreadable"] * len(refused), target
        after = target.lstat()
        assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)
    assert (folder / "file").read_text() == "kept"
    made = site.satellite("sync", "export", "--output", site.file("request-next"))
    assert made["sequence"] == response[0]["sequence"] + 1


@pytest.mark.row("S2.1", "E4")
def test_no_output_takes_the_place_of_what_a_server_keeps(site: World) -> None:
    """Database, keys, anchor and settings of either home stay, however the path is written; beside them is room."""
    (site.folder / "way").symlink_to("satellite", target_is_directory=True)
    for target in ("central/central.db", "central/keys/new", "central/config.toml", "satellite/anchor/anchor.json",
                   "way/satellite.db", "satellite/../central/central.db-wal"):  # fmt: skip
        path = site.folder / target
        before = path.read_bytes() if path.exists() else None
        for refused in (
            site.central("root", "export", "--output", str(path), code=1),
            site.central("backup", "create", "--output", str(path), code=1),
            site.satellite("sync", "export", "--output", str(path), code=1),
        ):
            assert refused["error"]["code"] == "output_in_home", target
        assert (path.read_bytes() if path.exists() else None) == before, target
    site.central("root", "export", "--output", str(site.folder / "central" / "root.json"))
    assert site.synchronize()[2]["outcome"] == "applied"


@pytest.mark.row("S2.1")
def test_a_folder_that_cannot_be_synchronized_is_a_warning(
    site: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a share or a stick the file is written, the command succeeds, and a line says what could not be done."""
    fsync = os.fsync

    def of_a_share(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", of_a_share)
    site.synchronize()
    (site.folder / "outputs").mkdir()
    found = _agent("fleet", "inventory", site.file("outputs"), "--output", site.file("inventory.json"))
    assert "error" not in found
    assert "folder_not_synchronized" in capsys.readouterr().err

    def failing(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", failing)
    assert site.satellite("sync", "export", "--output", site.file("late"), code=1)["error"]["code"] == "storage_failed"


@pytest.mark.row("B8")
def test_a_database_has_one_home(tmp_path: Path, postgresql: Callable[[str], str]) -> None:
    """A second central or satellite with other keys is refused at `init` and at every command; the first works on."""
    world = World(tmp_path, postgresql)
    world.found_central()
    world.found_satellite()
    for program, main in (("central", central.cli.main), ("satellite", satellite.cli.main)):
        taken = (tmp_path / program / "config.toml").read_text()
        stranger = tmp_path / f"{program}-new"
        stranger.mkdir()
        (stranger / "config.toml").write_text(taken)
        words = {
            "central": ("init", "--vendor", "V", "--root-keys", world.file("keys-new"), "--lab"),
            "satellite": ("init", "--name", "S", "--root", world.file("root.json"), "--lab"),
        }[program]
        assert world.run(main, stranger.name, *words, code=1)["error"]["code"] == "database_of_another_home"
        other = {
            "central": ("init", "--vendor", "V", "--root-keys", world.file("keys-other"), "--lab"),
            "satellite": words,
        }[program]
        world.run(main, f"{program}-other", *other)
        (tmp_path / f"{program}-other" / "config.toml").write_text(taken)
        assert (
            world.run(main, f"{program}-other", "jobs", "list", code=1)["error"]["code"] == "database_of_another_home"
        )
    assert world.synchronize()[2]["outcome"] == "applied"


@pytest.mark.row("B8")
@pytest.mark.parametrize("words", [(), ("--no-jobs",)], ids=["jobs", "no-jobs"])
def test_a_copy_of_a_satellites_home_does_not_serve_beside_it(
    tmp_path: Path, postgresql: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """Keys and all, on the same database: while the original serves, jobs or not, the copy is refused with what to do."""
    world = World(tmp_path, postgresql)
    world.found_central()
    world.found_satellite()
    shutil.copytree(tmp_path / "satellite", tmp_path / "copy")
    refused: list[str] = []

    def served(*_app: object, scheduler: Callable[[], None], **_more: object) -> None:
        scheduler()

    def works(_database: object, _runs: object, jobs: tuple[object, ...], **tasks: object) -> None:
        assert (bool(jobs), bool(tasks)) == (not words, not words)
        error = world.satellite("serve", "--bind", "127.0.0.1:0", home="copy", code=1)["error"]
        refused.append(error["code"])
        assert "copy" in error["message"]

    monkeypatch.setattr("serverkit.devices.serve.serve", served)
    monkeypatch.setattr("serverkit.jobs.scheduler.run_scheduler", works)
    with suppress(json.JSONDecodeError):  # a server prints nothing in the end
        world.satellite("serve", "--bind", "127.0.0.1:0", *words)
    assert refused == ["server_running"]
    monkeypatch.setattr("serverkit.jobs.scheduler.run_scheduler", lambda *_jobs, **_tasks: refused.append("serves"))
    with suppress(json.JSONDecodeError):
        world.satellite("serve", "--bind", "127.0.0.1:0", home="copy")
    assert refused == ["server_running", "serves"]


@pytest.mark.row("B8", "S1.1")
def test_a_home_has_one_server(site: World) -> None:
    """While one serves, a second server is refused with what to do; commands go on."""
    for name, run in (("central", site.central), ("satellite", site.satellite)):
        with hold_home(site.folder / name):
            error = run("serve", "--bind", "127.0.0.1:0", code=1)["error"]
            assert error["code"] == "server_running"
            assert "another server" in error["message"]
            run("jobs", "list")


@pytest.mark.row("B8", "B16")
def test_jobs_run_in_one_process_of_a_home(site: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside `serve --no-jobs` a process runs jobs; a second one, and a server with its own scheduler, are refused.

    It passes on signs of life, and asks to be started anew when a restore has replaced the home.
    """
    signals: list[int] = []
    sent: list[str] = []
    monkeypatch.setattr("serverkit.serving.os.kill", lambda _pid, number: signals.append(number))
    monkeypatch.setattr("serverkit.devices.supervision.Manager.send", lambda _self, state: sent.append(state))
    for name, run in (("central", site.central), ("satellite", site.satellite)):
        home = site.folder / name
        with hold_jobs(home):
            for words in (("jobs", "serve"), ("serve", "--bind", "127.0.0.1:0")):
                assert run(*words, code=1)["error"]["code"] == "scheduler_running"
            run("jobs", "list")

        def works(
            _db: object,
            _runs: object,
            jobs: tuple[object, ...],
            beat: Callable[[], None],
            *_tasks: object,
            **_more: object,
        ) -> None:
            assert jobs

            beat()
            assert not signals
            with pytest.raises(SchedulerRunningError):
                hold_jobs(home)  # noqa: B023 - it is called within the turn
            (home / "keys").rename(home / "kept")  # noqa: B023 - as above
            shutil.copytree(home / "kept", home / "keys")  # noqa: B023 - as above
            beat()

        monkeypatch.setattr("serverkit.jobs.scheduler.run_scheduler", works)
        assert run("jobs", "serve")["jobs"] is True
        assert signals == [signal.SIGTERM]
        assert [one[:8] for one in sent] == ["READY=1\n", "WATCHDOG", "WATCHDOG"]
        signals.clear()
        sent.clear()


@pytest.mark.row("B8", "C1.1", "S1.1")
def test_any_key_marks_a_home_whose_database_is_on_a_server_as_in_use(vendor: World) -> None:
    """Without the trust file commands name the missing key, `init` is refused, and the other keys stay as they are."""
    vendor.found_satellite()
    vendor.close()
    for program, main, words in _inits(vendor):
        home = vendor.folder / program
        for file in home.glob(f"{program}.db*"):
            file.unlink()
        (home / "config.toml").write_text(UNREACHABLE)
        (home / "keys" / "trust.json").unlink()
        before = {path.name: path.read_bytes() for path in (home / "keys").iterdir()}
        assert len(before) >= 4
        for command in (("jobs", "list"), ("upgrade",)):
            assert vendor.run(main, program, *command, code=1)["error"]["code"] == "key_missing"
        assert vendor.run(main, program, *words, code=1)["error"]["code"] == "home_already_initialised"
        assert {path.name: path.read_bytes() for path in (home / "keys").iterdir()} == before


@pytest.mark.both_databases
@pytest.mark.row("C1.1", "S1.1", "B8")
@pytest.mark.parametrize("keys", [False, True], ids=["no-keys-folder", "empty-keys-folder"])
def test_a_failed_init_removes_what_it_made_and_nothing_else(
    vendor: World, monkeypatch: pytest.MonkeyPatch, keys: bool
) -> None:
    """Whether the database or a file fails, what lay in the home stays, no row is left, and `init` can be run again."""
    for program, main, words in _inits(vendor):
        name = f"{program}-new"
        home = vendor.folder / name
        home.mkdir()
        (home / f"{program}.db.kept").write_text("a copy")
        if keys:
            (home / "keys" / "lost+found").mkdir(parents=True)
        before = set(home.rglob("*"))
        (home / "config.toml").write_text(UNREACHABLE)
        assert vendor.run(main, name, *words, code=1)["error"]["code"] == "database_unavailable"
        (home / "config.toml").unlink()

        def refused(*_any: object, **_more: object) -> None:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

        for place in (f"{program}.keyring.KeyRing.write_trust", "serverkit.users.first.write_atomic"):
            with monkeypatch.context() as patch:
                patch.setattr(place, refused)
                assert vendor.run(main, name, *words, code=1)["error"]["code"] == "file_unreadable"
        left = {
            path
            for path in home.rglob("*")
            if path.suffix not in {".lock", ".turn", ".toml"} and "anchor" not in path.parts
        }
        assert left == before
        assert vendor.run(main, name, *words)["home"] == str(home)


UNREACHABLE = '[database]\nurl = "postgresql://u:p@127.0.0.1:1/x"\n'


def _inits(world: World) -> list[tuple[str, Any, tuple[str, ...]]]:
    """Each program with its `init`."""
    return [
        ("central", central.cli.main, ("init", "--vendor", "V", "--root-keys", world.file("root-keys-new"), "--lab")),
        ("satellite", satellite.cli.main, ("init", "--name", "N", "--root", world.file("root.json"), "--lab")),
    ]
