"""Writes what the shell needs of the four programs into package folders: `python -m tools.man DEBIAN`.

A manual page for each from the same declarations as `docs/admin/commands.md`, and the completions of the shells.
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

from click.shell_completion import BashComplete, FishComplete, ZshComplete

from central.cli.base import group as central_group
from satellite.cli.base import group as satellite_group
from tools.commands import commands

WHAT = {
    "central": "licences, accounts and satellites of a vendor",
    "satellite": "devices, tokens and synchronization of an isolated site",
    "agent": "smart licensing on a device",
    "exchange": "explain and verify files of Perigee",
}
PACKAGES = {"central": "central", "satellite": "satellite", "agent": "agent", "exchange": "common"}
SHELLS = (
    (BashComplete, "usr/share/bash-completion/completions/{name}"),
    (ZshComplete, "usr/share/zsh/vendor-completions/_{name}"),
    (FishComplete, "usr/share/fish/vendor_completions.d/{name}.fish"),
)


def manual(program: str) -> str:
    """The manual page of a program, in man(7)."""
    lines = [
        f'.TH {program.upper()} 1 "" "Perigee" "Perigee"',
        ".SH NAME",
        f"{program} \\- {_roff(WHAT[program])}",
        ".SH SYNOPSIS",
        f".B {program}",
        r"[\fB\-\-home\fR DIR] [\fB\-\-json\fR] [\fB\-\-no\-input\fR] COMMAND ...",
        ".SH COMMANDS",
    ]
    for path, text, words in commands(program):
        lines += [".TP", f".B {_roff(' '.join([path, *words]))}", _roff(text)]
    lines += [
        ".SH EXIT STATUS",
        "0: done. 1: refused or failed; the message names a code and a remedy. 2: wrong usage.",
        ".SH SEE ALSO",
        "The pages for administrators in /usr/share/doc/perigee\\-common/admin.",
    ]
    return "\n".join(lines) + "\n"


def _roff(text: str) -> str:
    # A dot or an apostrophe at the start of a line would be a request.
    plain = text.replace("\\", r"\e").replace("-", r"\-")
    return f"\\&{plain}" if plain.startswith((".", "'")) else plain


def main(debian: Path) -> None:
    """Write the pages and completions of every package below a folder."""
    for program, package in PACKAGES.items():
        folder = debian / f"perigee-{package}"
        page = folder / "usr/share/man/man1" / f"{program}.1.gz"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_bytes(gzip.compress(manual(program).encode(), mtime=0))
    for program, group in (("central", central_group), ("satellite", satellite_group)):
        for shell, place in SHELLS:
            target = debian / f"perigee-{program}" / place.format(name=program)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(shell(group, {}, program, f"_{program.upper()}_COMPLETE").source(), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
