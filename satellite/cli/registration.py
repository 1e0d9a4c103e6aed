"""`satellite init | registration | setup`."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path

import click

from chassis.actor import OPERATOR
from chassis.cli import OUTPUT, emit
from chassis.clock import LAB_FILE, iso, make_lab, optional_iso
from chassis.errors import FileUnreadableError
from chassis.files import read_bounded, write_atomic
from chassis.names import check_name
from chassis.secrets_box import SecretBox, hash_secret, new_secret
from exchange.canonical import digest
from exchange.errors import LabMismatchError
from exchange.limits import ROOT_FILE_BYTES
from exchange.trust import Trust, load_root
from satellite.cli.base import FILE, group, home, opened, reading, writing
from satellite.core.site import services
from satellite.core.site.queries import site_of, state_of, status
from satellite.keyring import BOX, PSEUDONYMS
from satellite.runtime import Satellite, assemble, create_database, prepare_home
from satellite.setup_wizard.steps import steps
from satellite.sync.importing import import_authorization


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
    prepare_home(folder)
    code = new_secret("setup")
    try:
        if lab:
            make_lab(folder)
        made = assemble(folder)
        context.call_on_close(made.database.dispose)
        found = _found(made, trust, name, code)
    except BaseException:
        shutil.rmtree(folder / "keys", ignore_errors=True)
        (folder / LAB_FILE).unlink(missing_ok=True)
        for leftover in folder.glob("satellite.db*"):
            leftover.unlink()
        raise
    vendor = {"vendor_id": trust.root.vendor_id, "vendor": trust.root.vendor_name, "root_version": trust.root.version}
    emit(context, {**found, "home": str(folder), "lab": lab, "setup_code": code, **vendor})


def _found(made: Satellite, trust: Trust, name: str, code: str) -> dict[str, str]:
    create_database(made)
    made.keyring.folder.mkdir(mode=0o700, exist_ok=True)
    SecretBox.create(made.keyring.folder / BOX)
    write_atomic(made.keyring.folder / PSEUDONYMS, secrets.token_bytes(32))
    with made.database.write(OPERATOR) as unit:
        site = services.create_site(unit, made.keyring, name, hash_secret(code))
        found = {"id": site.satellite_id, "name": name}
    made.anchor.reset(0)
    made.keyring.write_trust(trust)
    return found


@group.group("registration", help="Registration at central, by files.")
def registration() -> None:
    """Hold the commands of registration."""


@registration.command("export", help="Write a registration file for central.")
@click.option("--output", required=True, type=OUTPUT)
@click.pass_context
def registration_export(context: click.Context, output: Path) -> None:
    """Write a registration file."""
    with writing(context) as (made, unit):
        data, row, described = services.export_registration(unit, made.keyring)
        made.refresh_alerts(unit)
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
    made = opened(context)
    try:
        with file.open("rb") as stream, made.database.write(OPERATOR) as unit:
            result = import_authorization(unit, made.keyring, stream)
            if result.outcome == "applied":
                # The new anchor first: what was reached in the old epoch says nothing of the new one.
                unit.after_commit.append(lambda: made.anchor.reset(result.epoch))
                made.refresh_alerts(unit)
            site = site_of(unit)
            found = {"account": site.account_domain, "account_name": site.account_name, "satellite": site.satellite_id}
    except OSError as error:
        raise FileUnreadableError(f"cannot read {file.name}: {error.strerror}") from error
    if result.trust is not None and result.trust.root.version >= made.keyring.trust.root.version:
        made.keyring.write_trust(result.trust)
    outcome = {"outcome": result.outcome, "epoch": result.epoch, "sequence": result.sequence, "counts": result.counts}
    emit(context, {**outcome, **found})


@registration.command("status", help="Show where the registration stands.")
@click.pass_context
def registration_status(context: click.Context) -> None:
    """Show the registration."""
    with reading(context) as (made, unit):
        site = site_of(unit)
        key = made.keyring.key(site.identity_key_id).public
        found = {
            "id": site.satellite_id,
            "name": site.name,
            "state": state_of(unit, site),
            "account": site.account_domain,
            "epoch": site.epoch,
            "authorized_at": optional_iso(site.authorized_at),
            "key_fingerprint": key.short,
            "vendor": made.keyring.trust.root.vendor_name,
            "root_version": made.keyring.trust.root.version,
        }
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
