"""The fleet: an inventory of real outputs, and emulated devices made from it (row D4).

Each emulated device has a folder, a key and a state of its own and speaks only HTTP(S). When the emulator is killed,
the next run goes on where each device stood: what was registered stays so, what was not is registered then.
"""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from agent.clock import DeviceClock
from agent.device import Device
from agent.errors import AgentError, FileUnreadableError, InvalidInputError
from agent.files import read_file, refuse_irregular, write_atomic
from agent.inventory.fleet import NAMES, DeviceSpec, devices_for
from agent.inventory.folder import Inventory, match_catalogue, read_catalogue, read_folder
from agent.inventory.model import FORMAT
from agent.joining import RegistrationRequest
from agent.transport import Server
from exchange.errors import ExchangeError
from exchange.identity import Udi
from exchange.places import refuse_state

INVENTORY_BYTES = 256 * 1024 * 1024
MOST_DEVICES = 1_000_000
MOST_PARALLEL = 256


def fleet_inventory(folder: Path, output: Path, catalogue: str | None) -> dict[str, Any]:
    """Read a folder of device outputs and write what is in them."""
    if not folder.is_dir():
        raise FileUnreadableError("{text} is not a folder", text=str(folder)[-120:])
    refuse_irregular(output)
    if not output.parent.is_dir():
        raise FileUnreadableError(
            "cannot write {name}: there is no folder {text}", name=output.name[:80], text=str(output.parent)[-120:]
        )
    refuse_state(output)
    if (
        output.is_file()
        and output.resolve().is_relative_to(folder.resolve())
        and FORMAT.encode() not in output.read_bytes()
    ):
        raise InvalidInputError(
            "--output {output} is one of the outputs that are read; give another name", output=output
        )
    inventory = read_folder(folder)
    if catalogue is not None:
        inventory = match_catalogue(inventory, read_catalogue(Path(catalogue)))
    data = inventory.to_dict()
    text = json.dumps(data, ensure_ascii=False, sort_keys=True, indent=1).encode() + b"\n"
    write_atomic(output, text, mode=0o644)
    read = sum(item["status"] == "read" for item in data["items"])
    return {
        "path": str(output),
        "sha256": hashlib.sha256(text).hexdigest(),
        "files": len(data["items"]),
        "read": read,
        "refused": len(data["items"]) - read,
        "devices": len(data["devices"]),
        "items": data["items"],
    }


def fleet_run(
    home: Path,
    inventory: Path,
    server: Server,
    token: str,
    root: bytes,
    count: int | None,
    parallel: int,
    names: str = NAMES,
) -> dict[str, Any]:
    """Register and run devices made from an inventory; what failed is named with its cause.

    `names` begins the host names of devices whose output shows none.
    """
    if not 1 <= parallel <= MOST_PARALLEL or (count is not None and not 1 <= count <= MOST_DEVICES):
        raise InvalidInputError(
            "--count is 1 to {most_devices}, --parallel 1 to {most_parallel}",
            most_devices=MOST_DEVICES,
            most_parallel=MOST_PARALLEL,
        )
    try:
        known = Inventory.from_dict(json.loads(read_file(inventory, most_bytes=INVENTORY_BYTES)))
        specs = devices_for(known, count, names)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidInputError("{name} is not an inventory", name=inventory.name) from error
    if not specs:
        raise InvalidInputError("the inventory names no device")
    clock = DeviceClock(home)
    with ThreadPoolExecutor(parallel) as pool:
        items = list(pool.map(lambda spec: _run(home, spec, server, token, root, clock), specs))
    failed = [item for item in items if item["error"]]
    return {
        "devices": len(items),
        "registered": len(items) - len(failed),
        "real": sum(spec.real for spec in specs),
        "failed": len(failed),
        "items": items,
    }


def folder_of(home: Path, spec: DeviceSpec) -> Path:
    """The folder of an emulated device, named by what it is."""
    mark = hashlib.sha256(Udi(pid=spec.pid, serial=spec.serial).plain_key.encode()).hexdigest()[:16]
    return home / "devices" / mark


def _run(home: Path, spec: DeviceSpec, server: Server, token: str, root: bytes, clock: DeviceClock) -> dict[str, Any]:
    folder = folder_of(home, spec)
    item: dict[str, Any] = {
        "pid": spec.pid,
        "serial": spec.serial,
        "real": spec.real,
        "home": str(folder),
        "error": None,
    }
    try:
        device = Device(folder, clock=clock)
        if device.state.registration != "complete":
            registration_request = RegistrationRequest(
                token=token,
                udi=Udi(pid=spec.pid, serial=spec.serial, uuid=spec.uuid),
                product_tag=spec.product_tag,
                hostname=spec.hostname,
                software_version=spec.sw_version,
                standbys=tuple(Udi(pid=pid, serial=serial) for pid, serial in spec.standbys),
            )
            device.register(registration_request, root, server)
        device.use_all(dict(spec.licences))
        item |= {
            "instance": device.state.instance,
            "authorization": device.authorization().value,
            "licences": [{"tag": r.tag, "count": r.count, "state": r.state} for r in device.rights.values()],
        }
    except AgentError as error:
        item["error"] = {"code": error.reason, "message": error.message}
    except ExchangeError as error:
        item["error"] = {"code": error.code, "message": error.message}
    return item
