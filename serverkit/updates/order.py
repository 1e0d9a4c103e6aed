"""Hands an update file to the root helper, and reads what becomes of it."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from serverkit.updates.errors import REFUSALS, UpdateHelperMissingError, UpdateRefusedError
from serverkit.updates.install import REPORT
from serverkit.updates.machine import STATE, read_json
from serverkit.updates.root_service import INSTALL

ADDRESS = Path("/run/perigee-update.sock")
SECONDS = 30 * 60.0


def order_update(
    file: BinaryIO, product: str, tell: Callable[[str], None], *, wait: bool, address: Path = ADDRESS
) -> dict[str, Any]:
    """Order the installation of an update file; the report, or what was accepted where nobody waits for the end.

    UpdateHelperMissingError, and the refusals of the helper, before anything is changed. A sender that the update itself
    stops learns the outcome from `last_report` later.
    """
    found: dict[str, Any] = {}
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
            channel.settimeout(SECONDS)
            channel.connect(str(address))
            order = json.dumps({"verb": INSTALL, "product": product}).encode()
            socket.send_fds(channel, [order], [file.fileno()])
            with channel.makefile("r", encoding="utf-8") as lines:
                for text in lines:
                    found = json.loads(text)
                    if "refused" in found:
                        raise REFUSALS.get(found["refused"], UpdateRefusedError)("{cause}", cause=found["message"])
                    if "stage" in found:
                        tell(found["stage"])
                    if "outcome" in found or (found.get("stage") == "accepted" and not wait):
                        return found
    except OSError as error:
        raise UpdateHelperMissingError from error
    except ValueError as error:
        raise UpdateRefusedError("the helper said what cannot be read") from error
    if not found:
        raise UpdateHelperMissingError
    raise UpdateRefusedError("the helper stopped at the stage {stage}", stage=str(found.get("stage")))


def is_offered(address: Path = ADDRESS) -> bool:
    """Whether the helper listens on this machine."""
    return address.is_socket()


def last_report(state: Path = STATE) -> dict[str, Any] | None:
    """What became of the last update: `outcome` is installed, went_back or stuck; None where there was none."""
    return read_json(state / REPORT)
