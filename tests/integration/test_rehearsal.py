"""Rehearsals: what a restore or a migration would give is known before it is done, and nothing of the home changes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.world import World

SECRET = "a passphrase for backups"


def listing(folder: Path) -> dict[str, int]:
    """The files of a home but for the journals of its database, with their sizes."""
    return {str(path.relative_to(folder)): path.stat().st_size for path in folder.rglob("*") if ".db-" not in path.name}


def backup(world: World, program: str) -> list[str]:
    """A backup of a server: its file and the option with the passphrase."""
    secret = ["--passphrase-file", world.file("secret", SECRET)]
    run = world.central if program == "central" else world.satellite
    run("backup", "create", "--output", world.file(f"{program}.pgb"), *secret)
    return [world.file(f"{program}.pgb"), *secret]


@pytest.mark.row("B8", "S3.5")
def test_a_rehearsal_verifies_the_ledger_of_what_a_restore_would_give(site: World) -> None:
    """A sound backup is shown with its rows; one whose ledger was edited is not sound, and says where."""
    before = listing(site.folder / "central")
    found = site.central("backup", "rehearse", *backup(site, "central"))
    rows = {row["table"]: (row["before"], row["after"]) for row in found["rows"]}

    assert (found["sound"], found["findings"], found["product"]) == (True, [], "central")
    assert rows["smart_accounts"] == (1, 1)
    assert found["row_total"] == sum(after for _, after in rows.values())
    assert listing(site.folder / "central") == before

    looked = site.central("backup", "preview", *backup(site, "central"))
    assert (looked["same_server"], looked["changes"], looked["server"]["name"]) == (True, [], "Example Vendor")
    site.central("account", "create", "another.example", "--name", "Another")
    [changed] = [
        one
        for one in site.central(
            "backup", "preview", site.file("central.pgb"), "--passphrase-file", site.file("secret")
        )["changes"]
        if one["table"] == "smart_accounts"
    ]
    assert (changed["now"], changed["then"]) == (2, 1)

    site.sql("central", "UPDATE holdings SET quantity = quantity + 5 WHERE bucket = 'free'")
    found = site.central("backup", "rehearse", *backup(site, "central"), code=1)
    assert not found["sound"]
    assert len(found["findings"]) >= 1


@pytest.mark.row("B8", "S3.4")
def test_a_satellite_rehearses_its_newest_backup_and_touches_neither_anchor_nor_settings(site: World) -> None:
    """Settings in the backup may name the real anchor or a database in use: a rehearsal follows none of them."""
    device = site.device("S1")
    device.use("ADVANTAGE", 1)
    home, anchor = site.folder / "satellite", site.folder / "elsewhere"
    shutil.move(home / "anchor", anchor)
    (home / "config.toml").write_text(f'[anchor]\nfolder = "{anchor}"\n')
    assert site.satellite("backup", "rehearse", code=1)["error"]["code"] == "backup_passphrase_not_set"
    site.satellite("backup", "passphrase", "--passphrase-file", site.file("secret", SECRET))
    assert site.satellite("backup", "rehearse", code=1)["error"]["code"] == "unknown_backup"
    made = site.satellite("backup", "now")
    kept = (anchor / "anchor.json").read_bytes()

    found = site.satellite("backup", "rehearse")
    assert (found["sound"], Path(found["path"]).name) == (True, made["name"])
    assert {row["table"]: row["after"] for row in found["rows"]}["instances"] == 1
    assert (anchor / "anchor.json").read_bytes() == kept
    assert not site.satellite("status")["restored"]

    site.sql("satellite", "UPDATE pool_totals SET claimed = claimed + 1")
    found = site.satellite("backup", "rehearse", *backup(site, "satellite"), code=1)
    assert "devices claim 1, counted are 2" in found["findings"][0]


@pytest.mark.both_databases
@pytest.mark.row("B8")
@pytest.mark.parametrize("program", ["central", "satellite"])
def test_an_upgrade_is_shown_before_it_is_made(site: World, program: str) -> None:
    """Every table with its rows before and after; the home has nothing new afterwards."""
    run = site.central if program == "central" else site.satellite
    before = listing(site.folder / program)
    found = run("upgrade", "--dry-run")
    rows = {row["table"]: (row["before"], row["after"]) for row in found["rows"]}

    assert found["dry_run"]
    assert found["before"] == found["now"]
    assert rows["virtual_accounts"][0] == rows["virtual_accounts"][1] >= 1
    assert listing(site.folder / program) == before
