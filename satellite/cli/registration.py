"""`satellite init | registration | setup`."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path

import click

from exchange.canonical import digest
from exchange.errors import LabMismatchError
from exchange.limits import ROOT_FILE_BYTES
from exchange.trust import Trust, load_root
from satellite.cli.base import FILE, group, home, opened, reading, writing
from satellite.core.site import services
from satellite.core.site.queries import registration_dict, site_of, status
from satellite.keyring import BOX, PSEUDONYMS
from satellite.runtime import Satellite, assemble, create_database, new_home, refuse_other_home
from satellite.setup_wizard.steps import steps
from satellite.sync.apply_authorization import apply_authorization
from serverkit.actor import OPERATOR
from serverkit.cli.base import OUTPUT, emit
from serverkit.clock import LAB_FILE, iso, make_lab
from serverkit.errors import FileUnreadableError
from serverkit.files import read_bounded, write_atomic
from serverkit.names import check_name
from serverkit.owner import make_folder
from serverkit.secrets_box import SecretBox, hash_secret, new_secret


@group.command("init", help="Set a new satellite up; the root file says which vendor it belongs to.")
@click.option("--name", required=True)
@click.option("--root", required=True, type=FILE, help="The vendor's root file.")
@click.option("--lab", is_flag=True, help="Make a laboratory: its clock can be moved, its keys are refused outside.")
@click.pass_context
def init(context: click.Context, name: str, root: Path, lab: bool) -> None:
    """Make keys and database; nothing half made is left on failure."""
    check_name("name", name)
    trust = load_root(read_bounded(root, ROOT_FILE_BYTES))
    if trust.root.lab != lab:
        raise LabMismatchError("the root is a laboratory's" if trust.root.lab else "the root is not a laboratory's")
    folder = home(context)
    code = new_secret("setup")
    with new_home(folder):
        try:
            if lab:
                make_lab(folder)
            server = assemble(folder)
            context.call_on_close(server.database.dispose)
            found = _found(server, trust, name, code)
        except BaseException:
            shutil.rmtree(folder / "keys", ignore_errors=True)
            (folder / LAB_FILE).unlink(missing_ok=True)
            for leftover in folder.glob("satellite.db*"):
                leftover.unlink()
            raise
    vendor = {"vendor_id": trust.root.vendor_id, "vendor": trust.root.vendor_name, "root_version": trust.root.version}
    emit(context, {**found, "home": str(folder), "lab": lab, "setup_code": code, **vendor})


def _found(server: Satellite, trust: Trust, name: str, code: str) -> dict[str, str]:
    create_database(server)
    refuse_other_home(server)
    make_folder(server.keyring.folder)
    SecretBox.create(server.keyring.folder / BOX)
    write_atomic(server.keyring.folder / PSEUDONYMS, secrets.token_bytes(32))
    with server.database.write(OPERATOR) as unit:
        site = services.create_site(unit, server.keyring, name, hash_secret(code))
        found = {"id": site.satellite_id, "name": name}
    server.anchor.reset(0)
    server.keyring.write_trust(trust)
    return found


@group.group("registration", help="Registration at central, by files.")
def registration() -> None:
    """Hold the commands of registration."""


@registration.command("export", help="Write a registration file for central.")
@click.option("--output", required=True, type=OUTPUT)
@click.pass_context
def registration_export(context: click.Context, output: Path) -> None:
    """Write a registration file."""
    with writing(context) as (server, unit):
        data, row, described = services.export_registration(unit, server.keyring)
        found = {
            "satellite": described.satellite,
            "name": described.name,
            "digest": row.digest,
            "key_fingerprint": described.key.short,
            "created": iso(described.created),
        }
    write_atomic(output, data, mode=0o644)
    emit(context, {"path": str(output), "sha256": digest(data), **found})


@registration.command("import", help="Apply the authorization file from central.")
@click.argument("file", type=FILE)
@click.pass_context
def registration_import(context: click.Context, file: Path) -> None:
    """Apply an authorization file."""
    try:
        found = apply_authorization(opened(context), OPERATOR, lambda: file.open("rb"))
    except OSError as error:
        raise FileUnreadableError(f"cannot read {file.name}: {error.strerror}") from error
    emit(context, found)


@registration.command("status", help="Show where the registration stands.")
@click.pass_context
def registration_status(context: click.Context) -> None:
    """Show the registration."""
    with reading(context) as (server, unit):
        found = registration_dict(unit, server.keyring)
    emit(context, found)


@group.group("setup", help="The steps of the set-up.")
def setup() -> None:
    """Hold the commands of the set-up."""


@setup.command("status", help="Show the steps and what is next.")
@click.pass_context
def setup_status(context: click.Context) -> None:
    """Show the steps."""
    with reading(context) as (_, unit):
        items = steps(unit)
    todo = next((item["next"] for item in items if not item["done"]), None)
    emit(context, {"items": items, "finished": todo is None, "next": todo})


@setup.command("finish", help="Finish the set-up.")
@click.option("--mode", required=True, help="How to synchronize: manual or network.")
@click.pass_context
def setup_finish(context: click.Context, mode: str) -> None:
    """Finish the set-up."""
    with writing(context) as (_, unit):
        services.finish_setup(unit, mode)
        found = status(unit, site_of(unit))
    emit(context, found)
