"""The satellite's services behind the desk of the device protocol."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace

from chassis.clock import iso
from chassis.db.unit import Unit
from chassis.log import get_logger
from exchange.canonical import JsonObject
from exchange.certificates import read_csr
from exchange.device.bodies import (
    AuthorizeBody,
    CertificateResult,
    RegisterBody,
    RegisterResult,
    RenewIdentityBody,
    TransferActiveBody,
)
from exchange.device.desk import DeviceRefusal, KnownDevice
from exchange.device.timers import CERTIFICATE_GRACE, CERTIFICATE_RENEWAL
from exchange.identity import Udi
from exchange.keys import PublicKey
from exchange.statements import ExportRequest, ExportReturn
from satellite.core.accounts.models import VirtualAccount
from satellite.core.activity.events import EventKind
from satellite.core.activity.services import record
from satellite.core.alerts.services import refresh_touched
from satellite.core.export_queue.services import queue_request, take_return
from satellite.core.instances.models import DeviceKey, Instance
from satellite.core.instances.queries import find_instance, instance_name
from satellite.core.instances.services import (
    change_active,
    find_key,
    issue_certificate,
    known_device,
    register_device,
    registered_with,
    remove_instance,
    revive_key,
    touch,
)
from satellite.core.licences.queries import entitlement
from satellite.core.licences.services import claims_of
from satellite.core.site.models import Site
from satellite.core.site.queries import site_of
from satellite.core.tokens.services import redeem
from satellite.runtime import Satellite
from satellite.sync.authorizing import authorize_device


class SatellitePort:
    """One message's services, inside one unit of work."""

    def __init__(self, unit: Unit, made: Satellite) -> None:
        """`unit` is this message's."""
        self._unit = unit
        self._made = made
        self._site: Site = site_of(unit)
        self.now = unit.now
        self.held = (self._site.epoch, self._site.applied_rseq)

    def find(self, key_id: str) -> KnownDevice | None:
        """The device that a key belongs to."""
        row = find_key(self._unit, key_id)
        return known_device(self._unit, row) if row else None

    def revive(self, known: KnownDevice) -> KnownDevice:
        """The take-over is undone: both machines live on, apart."""
        row, _ = self._own(known)
        revive_key(self._unit, row)
        refresh_touched(self._unit, instances=[known.instance, row.instance_id], pools=())
        return replace(known, instance=row.instance_id, superseded=False)

    def savepoint(self) -> AbstractContextManager[object]:
        """Changes inside are undone when the block raises."""
        return self._unit.session.begin_nested()

    def remember(self, key_id: str, counter: int, digest: str, answer: bytes) -> None:
        """Keep the answer with the key."""
        row = find_key(self._unit, key_id)
        if row is not None:
            row.last_counter, row.last_digest, row.last_answer = counter, digest, answer.decode()

    def note_refusal(self, op: str, code: str, cause: str, udi: Udi | None) -> None:
        """Log the exact cause; the device is told only its code."""
        get_logger().warning("device_refused", op=op, code=code, cause=cause, udi=udi.label if udi else None)
        if code == "token_refused":
            subject = {"cause": cause, "device": udi.label if udi else ""}
            record(self._unit, EventKind.TOKEN_REFUSED, f"registration refused: token {cause}", subject=subject)

    def note_restored(self, known: KnownDevice) -> None:
        """Mark a device that came back with an old number; a second time it is taken for a clone."""
        row = self._unit.session.get(Instance, known.instance)
        if row is None:
            return
        mark = "clone" if "restored" in row.marks else "restored"
        if mark not in row.marks:
            row.marks = sorted({*row.marks, mark})
            touch(self._unit, row)
            message = f"{instance_name(row)} used an old number: it was put back to an older copy"
            record(self._unit, EventKind.INSTANCE_RESTORED, message, instance_id=row.id)

    def _own(self, known: KnownDevice) -> tuple[DeviceKey, Instance]:
        row = find_key(self._unit, known.key.key_id)
        if row is None:
            raise DeviceRefusal("not_registered")
        return row, find_instance(self._unit, row.instance_id)

    def _refuse_recovery(self) -> None:
        if self._made.is_restored(self._unit):
            raise DeviceRefusal("recovery")

    def register(self, body: RegisterBody, key: PublicKey) -> tuple[str, JsonObject]:
        """Register with a token."""
        if self._site.epoch == 0:
            raise DeviceRefusal("not_ready")
        self._refuse_recovery()
        if read_csr(body.csr).key_id != key.key_id:
            raise DeviceRefusal("identity_mismatch", "the certificate request is for another key")
        redeemed = redeem(self._unit, body.token, registered_with(self._unit, body.udi, key))
        if redeemed.token is None:
            raise DeviceRefusal("token_refused", redeemed.cause)
        instance = register_device(self._unit, redeemed.token, body, key)
        home = self._unit.session.get_one(VirtualAccount, instance.virtual_account_id)
        row = find_key(self._unit, key.key_id)
        if row is None:
            raise DeviceRefusal("not_registered")
        certificate = self._certify(instance, row)
        refresh_touched(self._unit, instances=[instance.id], pools=())
        result = RegisterResult(
            instance=instance.id,
            certificate=certificate,
            device_ca=self._site.device_ca_certificate or b"",
            account_domain=self._site.account_domain or "",
            account_name=self._site.account_name or "",
            virtual_account_id=home.id,
            virtual_account_name=home.name,
            certificate_expires=instance.certificate_expires,
            renew_from=self.now + CERTIFICATE_RENEWAL,
            export_allowed=instance.export_allowed,
        )
        return instance.id, result.to_dict()

    def _certify(self, instance: Instance, row: DeviceKey) -> bytes:
        ca_key = self._made.keyring.key(self._site.device_ca_key_id)
        ca = self._site.device_ca_certificate or b""
        return issue_certificate(self._unit, ca_key, ca, self._site.epoch, instance, row)

    def authorize(self, known: KnownDevice, body: AuthorizeBody) -> JsonObject:
        """Answer for the complete list of use."""
        _, instance = self._own(known)
        return authorize_device(self._unit, instance, known, body)

    def renew_identity(self, known: KnownDevice, body: RenewIdentityBody) -> JsonObject:
        """A new certificate for the same key."""
        row, instance = self._own(known)
        if instance.certificate_expires + CERTIFICATE_GRACE <= self._unit.licence_now:
            raise DeviceRefusal("certificate_expired")
        if read_csr(body.csr).key_id != known.key.key_id:
            raise DeviceRefusal("identity_mismatch", "the certificate request is for another key")
        certificate = self._certify(instance, row)
        touch(self._unit, instance)
        message = f"{instance_name(instance)} renewed its identity certificate"
        record(self._unit, EventKind.INSTANCE_RENEWED, message, instance_id=instance.id)
        ca = self._site.device_ca_certificate or b""
        return CertificateResult(
            certificate, ca, instance.certificate_expires, self.now + CERTIFICATE_RENEWAL
        ).to_dict()

    def transfer_active(self, known: KnownDevice, body: TransferActiveBody) -> JsonObject:
        """Another member of the set is active."""
        _, instance = self._own(known)
        if body.active.key not in {udi.key for udi in known.udis}:
            raise DeviceRefusal("unknown_member")
        change_active(self._unit, instance, known, body.active)
        return {"active": body.active.to_dict(), "at": iso(self.now)}

    def deregister(self, known: KnownDevice, returns: tuple[tuple[ExportReturn, JsonObject], ...]) -> JsonObject:
        """The device leaves: ordinary licences are free, restricted ones come back by its signed returns."""
        _, instance = self._own(known)
        for statement, envelope in returns:
            take_return(self._unit, statement, envelope, known.key)
        pools = {(instance.virtual_account_id, tag) for tag in claims_of(self._unit, instance.id)}
        remove_instance(self._unit, instance, "removed itself")
        refresh_touched(self._unit, instances=[instance.id], pools=pools)
        return {}

    def export_request(self, known: KnownDevice, statement: ExportRequest, envelope: JsonObject) -> JsonObject:
        """Queue a request for a restricted licence."""
        self._refuse_recovery()
        _, instance = self._own(known)
        # What the catalogue of this site does not name yet is left to central.
        found = entitlement(self._unit, statement.tag)
        if found is not None and not found.restricted and statement.quantity:
            raise DeviceRefusal("not_restricted")
        touch(self._unit, instance)
        return queue_request(self._unit, instance, known, statement, envelope).to_dict()

    def export_return(self, known: KnownDevice, statement: ExportReturn, envelope: JsonObject) -> JsonObject:
        """Keep the return for central."""
        _, instance = self._own(known)
        touch(self._unit, instance)
        if take_return(self._unit, statement, envelope, known.key) is None:
            raise DeviceRefusal("unknown_grant")
        return {"grant": statement.grant, "state": "returned"}
