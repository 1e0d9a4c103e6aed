"""The satellite's services behind the request processor of the device protocol."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from exchange.canonical import JsonObject
from exchange.certificates import read_csr
from exchange.device.backend import DeviceRefusal, KnownDevice
from exchange.device.bodies import (
    CertificateResult,
    RegisterBody,
    RenewIdentityBody,
    TransferActiveBody,
)
from exchange.device.detaching import DetachBody, ReattachBody
from exchange.device.licence_bodies import AuthorizeBody
from exchange.device.message_handling import DeviceMessage
from exchange.device.rules import RegistrationVerdict
from exchange.device.timers import CERTIFICATE_GRACE, CERTIFICATE_RENEWAL
from exchange.identity import Udi
from exchange.keys import PublicKey
from exchange.statements import ConversionRequest, ExportRequest, ExportReturn, UsageReport
from exchange.vocabulary import DeviceOp
from satellite.core.alerts.services import refresh_clones, refresh_touched
from satellite.core.conversions.services import queue_conversion
from satellite.core.event_log.event_kinds import EventKind
from satellite.core.event_log.services import record
from satellite.core.export_queue.services import holds_restricted, queue_request, take_return
from satellite.core.instances.clones import note_restored, revive_key
from satellite.core.instances.detached import note_failure
from satellite.core.instances.models import DeviceKey, Instance
from satellite.core.instances.queries import find_instance, placed_name, same_hardware
from satellite.core.instances.services import (
    ANSWERED,
    find_key,
    issue_certificate,
    refuse_unagreed,
    register_device,
    registered_with,
    touch,
)
from satellite.core.instances.standby_sets import change_active
from satellite.core.licences.queries import entitlement
from satellite.core.site.queries import SiteRow, refuses_for_agreement
from satellite.core.tokens.models import Token
from satellite.core.tokens.services import redeem
from satellite.core.usage.services import book_report
from satellite.device_api.applied_lines import AppliedLines, PoolUse
from satellite.device_api.authorizations import authorize_device, contacted
from satellite.device_api.detaching import detach_device, reattach_device
from satellite.device_api.device_rows import DeviceRows
from satellite.device_api.fast_renewals import renew_authorization
from satellite.device_api.leaving import leave
from satellite.device_api.registrations import Authority, BatchRegistrations, note_refused_token, registered
from satellite.runtime import Satellite
from serverkit.clock import iso
from serverkit.db.unit import Unit
from serverkit.log import get_logger


class SatelliteBackend:
    """The services of a group of messages, inside one unit of work."""

    def __init__(
        self, unit: Unit, server: Satellite, site: SiteRow, applied: AppliedLines, group: Sequence[DeviceMessage]
    ) -> None:
        """`unit` is the group's; `site` its row, `applied` what central's last response left."""
        self._unit = unit
        self._server = server
        self._site = site
        self._rows = DeviceRows(unit, [message.key for message in group])
        self._pool_use = PoolUse(unit, applied)
        authority = Authority(server.keyring.key(site.device_ca_key_id), site.device_ca_certificate or b"", site.epoch)
        self._registrations = BatchRegistrations(
            unit,
            authority,
            group,
            name_of=self._pool_use.virtual_account_name,
            closed=refuses_for_agreement(unit, site),
        )
        self._enrolled = False
        self._contact: str | None = None
        self._restored: bool | None = None
        self.now, self.held = unit.now, (site.epoch, site.applied_rseq)
        self._refused: Token | None = None

    def find(self, key_id: str, digest: str) -> KnownDevice | None:
        """The device that a key belongs to."""
        self._enrolled, self._contact = False, None
        if self._registrations.holds(key_id):
            self.write()  # it registered a moment ago, in this very group
        return self._rows.known(key_id, digest)

    def revive(self, known: KnownDevice) -> KnownDevice:
        """The take-over is undone: both machines live on, apart."""
        row, _ = self._own(known)
        revive_key(self._unit, row)
        self._changed(row.key_id, row.instance_id, known.instance)
        refresh_touched(self._unit, instances=[known.instance, row.instance_id], pools=())
        refresh_clones(self._unit)
        return self._rows.known(known.key.key_id, "") or known

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Changes inside are undone when the block raises."""
        self.write()
        try:
            with self._unit.savepoint():
                yield
        except BaseException:
            self._pool_use.forget()  # they may have been added up with what is undone
            raise

    def write(self) -> None:
        """Write what was held back."""
        self._registrations.write()
        self._rows.write()

    def remember(self, key_id: str, counter: int, digest: str, answer: bytes) -> None:
        """Keep the answer with the key, and what a fast path has held back until the answer was made."""
        if self._enrolled:
            self._registrations.remember(counter, digest, answer)
            self._rows.forget_key(key_id)
            return
        if self._contact is not None:
            self._rows.contact(self._contact)
        self._rows.remember(key_id, counter, digest, answer)

    def note_refusal(self, op: str, code: str, cause: str, udi: Udi | None) -> None:
        """Log the exact cause; the device is told only its code."""
        get_logger().warning("device_refused", op=op, code=code, cause=cause, udi=udi.label if udi else None)
        if code == "token_refused":
            note_refused_token(self._unit, self._refused, cause, udi)

    def note_failure(self, known: KnownDevice, op: DeviceOp, code: str, message: str) -> None:
        """Record that a device could not be detached or reattached; a term that comes twice means a clone."""
        if note_failure(self._unit, self._own(known)[1], op, code, message):
            refresh_clones(self._unit)

    def note_restored(self, known: KnownDevice, resumed: int) -> None:
        """Mark a device that was restored from an older copy; twice within a renewal interval it is a clone."""
        if note_restored(self._unit, self._own(known)[0], resumed):
            refresh_clones(self._unit)

    def _own(self, known: KnownDevice) -> tuple[DeviceKey, Instance]:
        row = find_key(self._unit, known.key.key_id)
        if row is None:
            raise DeviceRefusal("not_registered")
        self._changed(known.key.key_id, row.instance_id, known.instance)
        return row, find_instance(self._unit, row.instance_id)

    def _changed(self, key_id: str, *instances: str) -> None:
        self._rows.forget(*instances)
        self._rows.forget_key(key_id)
        self._pool_use.forget()

    def _refuse_recovery(self) -> None:
        if self._restored is None:
            self._restored = self._server.is_restored(self._unit)
        if self._restored:
            raise DeviceRefusal("recovery")

    def _check_request(self, body: RegisterBody, key: PublicKey) -> None:
        self._refuse_recovery()
        if read_csr(body.csr).key_id != key.key_id:
            raise DeviceRefusal("identity_mismatch", "the certificate request is for another key")

    def register_new(self, body: RegisterBody, key: PublicKey) -> tuple[str, JsonObject] | None:
        """Register a device that no one knows yet."""
        if body.standbys or not self._registrations.is_new(body.udi, key):
            self.write()
            return None  # a set is looked at as a whole, with what its units are elsewhere
        self._check_request(body, key)
        token = self._registrations.token(body.token)
        if token is None:
            return None
        values, certificate = self._registrations.register_new(token, body, key)
        self._enrolled = True
        return values["id"], registered(self._site, self._pool_use, values, certificate)

    def register(self, body: RegisterBody, key: PublicKey) -> tuple[str, JsonObject]:
        """Register with a token."""
        self._registrations.forget(body.udi, key, *body.standbys)
        self._check_request(body, key)
        before = registered_with(self._unit, key)
        redeemed = redeem(self._unit, body.token, before)
        if redeemed.token is None:
            self._refused = redeemed.refused
            raise DeviceRefusal("token_refused", redeemed.cause)
        refuse_unagreed(self._unit, self._site, before)
        instance, verdict = register_device(self._unit, redeemed.token, body, key)
        self._changed(key.key_id, instance.id)
        row = find_key(self._unit, key.key_id)
        if row is None:
            raise DeviceRefusal("not_registered")
        certificate = self._certify(instance, row)
        if verdict is RegistrationVerdict.TAKE_OVER and holds_restricted(self._unit, instance.id):
            self._server.refresh_alerts(self._unit)  # its former key has them
        elif verdict is not RegistrationVerdict.NEW:  # what is new gives no cause for an alert, and ends none
            refresh_touched(self._unit, instances=[instance.id], pools=())
        if same_hardware(self._unit, instance):
            refresh_clones(self._unit)
        values = {name: getattr(instance, name) for name in ANSWERED}
        return instance.id, registered(self._site, self._pool_use, values, certificate)

    def _certify(self, instance: Instance, row: DeviceKey) -> bytes:
        ca_key = self._server.keyring.key(self._site.device_ca_key_id)
        ca = self._site.device_ca_certificate or b""
        return issue_certificate(self._unit, ca_key, ca, self._site.epoch, instance, row)

    def renew(self, known: KnownDevice, body: AuthorizeBody) -> JsonObject | None:
        """Answer for a list that changes nothing."""
        device = self._rows.get(known.key.key_id)
        result = renew_authorization(self._unit, self._pool_use, device, body) if device is not None else None
        if result is not None:
            self._contact = known.instance
        return result

    def _is_restricted(self, known: KnownDevice) -> bool:
        return (device := self._rows.get(known.key.key_id)) is None or device.has_restricted

    def authorize(self, known: KnownDevice, body: AuthorizeBody) -> JsonObject:
        """Answer for the complete list of use."""
        restricted = self._is_restricted(known)
        _, instance = self._own(known)
        return authorize_device(self._unit, self._pool_use, instance, known, body, restricted=restricted)

    def renew_identity(self, known: KnownDevice, body: RenewIdentityBody) -> JsonObject:
        """A new certificate for the same key."""
        row, instance = self._own(known)
        if instance.certificate_expires + CERTIFICATE_GRACE <= self._unit.licence_now:
            raise DeviceRefusal("certificate_expired")
        if read_csr(body.csr).key_id != known.key.key_id:
            raise DeviceRefusal("identity_mismatch", "the certificate request is for another key")
        with contacted(self._unit, instance):
            certificate = self._certify(instance, row)
        message = f"{placed_name(self._unit, instance)} renewed its identity certificate"
        va, of = instance.virtual_account_id, instance.id
        record(self._unit, EventKind.INSTANCE_RENEWED, message, virtual_account_id=va, instance_id=of)
        ca, renew_from = self._site.device_ca_certificate or b"", self.now + CERTIFICATE_RENEWAL
        return CertificateResult(certificate, ca, instance.certificate_expires, renew_from).to_dict()

    def transfer_active(self, known: KnownDevice, body: TransferActiveBody) -> JsonObject:
        """Another member of the set is active."""
        _, instance = self._own(known)
        if body.active.key not in {udi.key for udi in known.udis}:
            raise DeviceRefusal("unknown_member")
        change_active(self._unit, instance, body.active)
        self._changed(known.key.key_id, instance.id)
        return {"active": instance.udi, "at": iso(self.now)}

    def deregister(self, known: KnownDevice, returns: tuple[tuple[ExportReturn, JsonObject], ...]) -> JsonObject:
        """The device leaves: ordinary licences are free, restricted ones come back by its signed returns."""
        restricted = self._is_restricted(known)
        leave(self._unit, self._server, self._own(known), known.key, returns, restricted=restricted)
        self._changed(known.key.key_id, known.instance)
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
        touch(self._unit, instance := self._own(known)[1])
        if take_return(self._unit, instance.id, statement, envelope, known.key) is None:
            raise DeviceRefusal("unknown_grant")
        return {"grant": statement.grant, "state": "returned"}

    def usage_report(self, known: KnownDevice, report: UsageReport, digest: str) -> JsonObject:
        """Book measured use; central learns of it with the next request."""
        _, instance = self._own(known)
        named = self._pool_use.titles({one.tag for one in report.measurements})
        return book_report(self._unit, instance, report, digest, named, self._site.acknowledged_upto).to_dict()

    def convert(self, known: KnownDevice, request: ConversionRequest, envelope: JsonObject) -> JsonObject:
        """Keep a request for conversion for central, or say what became of it."""
        self._refuse_recovery()
        touch(self._unit, instance := self._own(known)[1])
        return queue_conversion(self._unit, instance, known, request, envelope).to_dict()

    def detach(self, known: KnownDevice, body: DetachBody) -> JsonObject:
        """The device leaves its network for a stated time."""
        self._refuse_recovery()
        restricted, row = self._is_restricted(known), self._own(known)[1]
        return detach_device(self._unit, self._site, self._pool_use, row, known, body, restricted=restricted)

    def reattach(self, known: KnownDevice, body: ReattachBody) -> JsonObject:
        """The device returns before its term ends."""
        restricted, row = self._is_restricted(known), self._own(known)[1]
        return reattach_device(self._unit, self._pool_use, row, known, body, restricted=restricted)
