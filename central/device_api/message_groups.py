"""Groups of messages at central: what each group starts from, and how it is settled (rows S4.1–S4.4)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from central.device_api.backend import CentralBackend
from central.domain.instances.devices import find_public
from central.runtime import Central
from exchange.device.message_handling import DeviceMessage, KnownKeys, handle_all
from exchange.device.request_processor import RequestProcessor
from exchange.keys import PublicKey
from serverkit.actor import Actor, ActorKind
from serverkit.db.group import GroupCommit
from serverkit.db.unit import Unit
from serverkit.locks import Lock

_ACTOR = Actor(ActorKind.DEVICE, "device", "device")


class Groups:
    """Settles groups; keeps the keys that it has seen."""

    def __init__(self, server: Central) -> None:
        """`server` is this worker's."""
        self._server = server
        commit = GroupCommit(server.database, _ACTOR, self._begin, turn_of=Lock.DEVICES)
        self.handle_all = partial(handle_all, KnownKeys(self._find_key).find, commit.settle)
        """Verify, settle and sign a group of messages."""

    def _find_key(self, key_id: str) -> PublicKey | None:
        with self._server.database.read(_ACTOR) as unit:
            return find_public(unit, key_id)

    def _begin(self, unit: Unit, group: Sequence[DeviceMessage]) -> RequestProcessor:
        backend = CentralBackend(unit, self._server.keyring, [message.key for message in group])
        return RequestProcessor(backend, self._server.keyring.signer())
