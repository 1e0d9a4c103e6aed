"""What the update helper does to the machine: runs programs, asks for packages, stops and starts services."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from serverkit.updates.bundle import KEY_FILES, System, this_system

STATE = Path("/var/lib/perigee-update")
START_SECONDS, PROGRAM_SECONDS, SETTLE_SECONDS = 180.0, 900.0, 5.0
INFO = Path("/var/lib/dpkg/info")
NAMES = ("perigee-common", "perigee-satellite", "perigee-central", "perigee-agent")
_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}


@dataclass(frozen=True, slots=True)
class Product:
    """A server as its package installs it; its package is named like its user."""

    name: str
    home: Path

    @property
    def user(self) -> str:
        """Who it runs as."""
        return f"perigee-{self.name}"

    @property
    def units(self) -> tuple[str, str]:
        """Its services: server first, then jobs."""
        return f"{self.user}.service", f"{self.user}-jobs.service"

    def databases(self) -> list[Path]:
        """The files of its embedded database."""
        return sorted(self.home.glob(f"{self.name}.db*"))


PRODUCTS = tuple(Product(name, Path(f"/var/lib/perigee-{name}")) for name in ("satellite", "central"))


class ProgramFailedError(Exception):
    """A program of the system ended with a failure; nothing of this leaves the helper but its log."""


@dataclass(frozen=True)
class Machine:
    """This machine, or what a test puts in its place."""

    state: Path = STATE
    products: tuple[Product, ...] = PRODUCTS
    key_files: Sequence[Path] = KEY_FILES
    settle: float = SETTLE_SECONDS
    system: System = field(default_factory=this_system)

    def run(self, *words: str, user: str | None = None, seconds: float = PROGRAM_SECONDS) -> str:
        """What a program prints; ProgramFailedError. `user` is who runs it in place of root."""
        as_user: dict[str, Any] = {} if user is None else {"user": user, "group": user, "extra_groups": []}
        try:
            done = subprocess.run(
                words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                errors="replace", timeout=seconds, check=False, cwd="/", env=_ENVIRONMENT, **as_user,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ProgramFailedError(f"{words[0]}: {error}") from error
        if done.returncode:
            raise ProgramFailedError(f"{' '.join(words)}: exit {done.returncode}: {done.stdout[-2000:]}")
        return str(done.stdout)

    def version(self, package: str) -> str | None:
        """The version of an installed package; None where it is not."""
        try:
            said = self.run("dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}", package)
        except ProgramFailedError:
            return None
        state, _, version = said.partition(" ")
        return version.strip() if state == "installed" else None

    def packages(self) -> dict[str, str]:
        """The vendor's packages that are installed, with their versions."""
        return {name: found for name in NAMES if (found := self.version(name)) is not None}

    def is_active(self, unit: str) -> bool:
        """Whether a service runs."""
        try:
            return self.run("systemctl", "is-active", unit).strip() == "active"
        except ProgramFailedError:
            return False

    def hold(self, units: Sequence[str]) -> None:
        """Stop services and keep everyone, maintainer scripts too, from starting them."""
        self.run("systemctl", "mask", "--runtime", *units)
        self.run("systemctl", "stop", *units)

    def release(self, units: Sequence[str]) -> None:
        """Let services start again."""
        self.run("systemctl", "unmask", "--runtime", *units)
        self.run("systemctl", "daemon-reload")
        self.run("systemctl", "reset-failed", *units)

    def install(self, folder: Path, wanted: dict[str, str]) -> None:
        """Install packages of an unpacked update with what they depend on; the folder is the only source."""
        work = self.state / "apt"
        (work / "lists" / "partial").mkdir(parents=True)
        (work / "source.list").write_text(f"deb [trusted=yes] file:{folder} ./\n")
        options = []
        for one in (
            f"Dir::Etc::SourceList={work}/source.list", "Dir::Etc::SourceParts=/dev/null", f"Dir::State::Lists={work}/lists",
            "Dir::Cache::pkgcache=", "Dir::Cache::srcpkgcache=", "APT::Sandbox::User=root", "Dpkg::Options::=--force-confold",
        ):  # fmt: skip
            options += ["-o", one]
        try:
            self.run("apt-get", "-qq", *options, "update")
            names = [f"{name}={version}" for name, version in wanted.items()]
            self.run("apt-get", "-qq", "-y", "--no-install-recommends", "--no-remove", *options, "install", *names)
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def put_back(self, folder: Path) -> None:
        """Install the packages that were kept, over newer ones too."""
        found = sorted(str(path) for path in folder.glob("*.deb"))
        self.run("dpkg", "--force-downgrade", "--force-confold", "-i", *found)

    def keep_package(self, name: str, folder: Path) -> None:
        """Make a package again of what is installed, so that it can be restored."""
        work = folder / f"{name}.tree"
        control = work / "DEBIAN"
        control.mkdir(parents=True, mode=0o755)
        listed = [line for line in self.run("dpkg-query", "-L", name).splitlines() if line.startswith("/")]
        folders = {str(Path(line).parent) for line in listed}
        # Settings stay where they are: a package that holds them as they are now would make them pass for its own.
        settings = {line for file in _info(name, "conffiles") for line in file.read_text("utf-8").split("\n")}
        for line in (one for one in listed if one not in settings):
            # A folder of the package may be a link of the system, such as /lib.
            _keep(Path(line), work / line.removeprefix("/").removeprefix("."), folder=line in folders)
        (control / "control").write_text(_control(self.run("dpkg-query", "-s", name)))
        for part in ("postinst", "postrm", "preinst", "prerm", "triggers", "shlibs", "md5sums"):
            for file in _info(name, part):
                shutil.copy2(file, control / part)
        self.run("dpkg-deb", "-Znone", "--build", str(work), str(folder / f"{name}.deb"))
        shutil.rmtree(work)


def _info(name: str, part: str) -> list[Path]:
    return [file for file in (INFO / f"{name}.{part}", *INFO.glob(f"{name}:*.{part}")) if file.exists()]


def _keep(path: Path, target: Path, *, folder: bool) -> None:
    """Put one file of a package below the folder that it is made of again."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir() and (folder or not path.is_symlink()):
        target.mkdir(exist_ok=True)
        target.chmod(path.stat().st_mode & 0o7777)
    elif path.is_symlink():
        target.symlink_to(path.readlink())
    elif path.exists():
        try:
            os.link(path, target)
        except OSError:
            shutil.copy2(path, target)


def _control(status: str) -> str:
    """The fields of a package out of what is known of it as installed."""
    kept, on = [], True
    for line in status.splitlines():
        if not line.startswith(" "):
            on = line.partition(":")[0] not in {"Status", "Conffiles", "Config-Version"}
        if on and line:
            kept.append(line)
    return "\n".join(kept) + "\n"


def read_json(path: Path) -> dict[str, Any] | None:
    """A small file of the helper; None where there is none, or none that can be read."""
    try:
        return dict(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None
