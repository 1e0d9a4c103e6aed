"""`central init | root | role-key`."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from pathlib import Path

import click

from central.anchor import Reached
from central.cli.base import FILE, group, home, opened, writing
from central.domain.activity.events import EventKind
from central.domain.activity.services import record
from central.domain.alerts.services import refresh_vendor
from central.domain.trust import services
from central.runtime import assemble, create_database, new_home, note_here, refuse_other_home
from exchange.canonical import digest
from exchange.trust import Trust
from exchange.vocabulary import Role
from serverkit.actor import OPERATOR
from serverkit.cli.base import OUTPUT, emit
from serverkit.clock import LAB_FILE, iso, make_lab
from serverkit.db.engine import FOUNDING, alone_on
from serverkit.files import write_atomic
from serverkit.names import check_name

FOLDER = click.Path(path_type=Path, file_okay=False)


def _described(trust: Trust) -> dict[str, object]:
    root = trust.root
    return {
        "vendor_id": root.vendor_id,
        "vendor": root.vendor_name,
        "root_version": root.version,
        "root_expires": iso(root.expires),
        "lab": root.lab,
        "role_keys": [
            {
                "role": key.role.value,
                "key_id": key.key.key_id,
                "state": key.state.value,
                "not_after": iso(key.not_after),
            }
            for key in root.role_keys
        ],
    }


@group.command("init", help="Set a new central up: root keys into a folder of yours, role keys and database at home.")
@click.option("--vendor", required=True, metavar="NAME", help="Name of the vendor.")
@click.option("--root-keys", required=True, type=FOLDER, help="Folder for the root keys; carry it to a safe place.")
@click.option("--passphrase-file", type=FILE, help="File with the passphrase of the root keys; one is made without it.")
@click.option("--lab", is_flag=True, help="Make a laboratory: its clock can be moved, its keys are refused outside.")
@click.pass_context
def init(context: click.Context, vendor: str, root_keys: Path, passphrase_file: Path | None, lab: bool) -> None:
    """Make keys, root and database; nothing half made is left on failure."""
    check_name("vendor", vendor)
    folder = home(context)
    given = services.read_passphrase(passphrase_file) if passphrase_file else None
    with new_home(folder), services.new_root_folder(root_keys), ExitStack() as held:
        try:
            made_passphrase = given or services.make_passphrase(root_keys)
            if lab:
                make_lab(folder)
            server = assemble(folder)
            context.call_on_close(server.database.dispose)
            held.enter_context(alone_on(server.database.engine, FOUNDING))
            create_database(server)
            refuse_other_home(server, None)
            server.anchor.write(Reached())
            trust = services.create_trust(
                server.keyring, vendor, root_keys, made_passphrase, server.clock.now(), lab=lab
            )
        except BaseException:
            _clear(folder)
            raise
        with server.database.write(OPERATOR) as unit:
            set_up = {"lab": lab, "vendor_id": trust.root.vendor_id}
            record(unit, None, EventKind.VENDOR_CREATED, f"central of {vendor} set up", subject=set_up)
    note_here(server)
    found: dict[str, object] = {"id": trust.root.vendor_id, "home": str(folder), "root_keys": str(root_keys)}
    found["passphrase_file"] = None if given else str(made_passphrase.file)
    emit(context, {**found, **_described(trust)})


def _clear(folder: Path) -> None:
    shutil.rmtree(folder / "keys", ignore_errors=True)
    (folder / LAB_FILE).unlink(missing_ok=True)
    for leftover in folder.glob("central.db*"):
        leftover.unlink()


@group.group("root", help="The root of trust.")
def root() -> None:
    """Hold the commands of the root."""


@root.command("export", help="Write the root file that satellites and devices are made with.")
@click.option("--output", required=True, type=OUTPUT)
@click.pass_context
def export(context: click.Context, output: Path) -> None:
    """Write the newest root document."""
    trust = opened(context).keyring.trust
    data = trust.document + b"\n"
    write_atomic(output, data, mode=0o644)
    emit(context, {"path": str(output), "sha256": digest(data), **_described(trust)})


@root.command("rotate", help="Replace the root keys; old and new ones sign the change.")
@click.option("--root-keys", required=True, type=FOLDER)
@click.option("--passphrase-file", type=FILE)
@click.pass_context
def rotate(context: click.Context, root_keys: Path, passphrase_file: Path | None) -> None:
    """Rotate the root."""
    with writing(context) as (server, unit):
        passphrase = services.read_passphrase(passphrase_file or root_keys / services.PASSPHRASE_FILE)
        trust = services.rotate_root(server.keyring, root_keys, passphrase, unit.now)
        record(unit, None, EventKind.ROOT_ROTATED, f"root {trust.root.version} is in force")
        refresh_vendor(unit, server.keyring)
    emit(context, _described(trust))


@group.group("role-key", help="The keys that sign responses and grants.")
def role_key() -> None:
    """Hold the commands of role keys."""


@role_key.command("replace", help="Give a role another key; what the old one signed in time stands unless revoked.")
@click.argument("role", type=click.Choice([role.value for role in Role]))
@click.option("--root-keys", required=True, type=FOLDER)
@click.option("--passphrase-file", type=FILE)
@click.option("--revoke", is_flag=True, help="Nothing that the old key signed is believed any more.")
@click.pass_context
def replace(context: click.Context, role: str, root_keys: Path, passphrase_file: Path | None, revoke: bool) -> None:
    """Replace a role key."""
    with writing(context) as (server, unit):
        passphrase = services.read_passphrase(passphrase_file or root_keys / services.PASSPHRASE_FILE)
        trust = services.replace_role_key(server.keyring, Role(role), root_keys, passphrase, unit.now, revoke=revoke)
        message = f"the {role} key was replaced" + (" and the old one revoked" if revoke else "")
        record(unit, None, EventKind.ROLE_KEY_REPLACED, message, subject={"role": role, "revoked": revoke})
        refresh_vendor(unit, server.keyring)
    emit(context, _described(trust))
