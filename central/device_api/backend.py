"""Central's services behind the request processor of the device protocol."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from central.device_api.detaching import detach_device, reattach_device
from central.device_api.device_pools import DevicePools
from central.device_api.device_rows import DeviceRows
from central.device_api.devices import authorize_device, decide_for_device, take_device_return
from central.device_api.fast_renewals import renew_authorization
from central.device_api.registrations import (
    leave,
    note_refused_token,
    refresh_registered,
    refuse_foreign,
    register,
    registered_result,
)
from central.domain.accounts.models import SmartAccount
from central.domain.alerts.services import refresh_alerts, refresh_clones, refresh_touched
from central.domain.conversions.device_led import Asking, answer_of, convert_for_device
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from central.domain.export_control.moving import follow_keys
from central.domain.export_control.queries import has_restricted
from central.domain.instances.detached import note_failure
from central.domain.instances.devices import (
    find_key,
    issue_certificate,
    membership,
    note_restored,
    registered_with,
    revive_key,
)
from central.domain.instances.hardware import same_hardware
from central.domain.instances.models import DeviceKey, Instance
from central.domain.instances.queries import find_instance, placed_name
from central.domain.instances.services import note_removed
from central.domain.instances.standby_sets import change_active, leave_set
from central.domain.ledger.claims import claims_of
from central.domain.reservations.queries import reservation_of
from central.domain.tokens.models import Token
from central.domain.tokens.services import redeem
from central.domain.usage.services import book_report
from central.keyring import KeyRing
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
from exchange.device.rules import may_alarm
from exchange.device.timers import CERTIFICATE_GRACE, CERTIFICATE_RENEWAL
from exchange.identity import Udi
from exchange.keys import PublicKey
from exchange.statements import ConversionRequest, ExportRequest, ExportReturn, UsageReport
from exchange.vocabulary import DeviceOp, InstanceState
from serverkit.clock import iso
from serverkit.db.unit import Unit
from serverkit.log import get_logger


class CentralBackend:
    """The services of a group of messages, inside one unit of work."""

    def __init__(self, unit: Unit, keyring: KeyRing, keys: Iterable[PublicKey]) -> None:
        """`unit` is the group's, `keys` are those of its messages."""
        self._unit = unit
        self._keyring = keyring
        self.now = unit.now
        self.held = (0, 0)
        self._refused: Token | None = None
        self._rows = DeviceRows(unit, keys)
        self._key_id = ""
        self._is_contact = False
        self._pools = DevicePools(unit, keyring)

    def find(self, key_id: str, digest: str) -> KnownDevice | None:
        """The device that a key belongs to."""
        self._key_id, self._is_contact = key_id, False
        return self._rows.known(key_id, digest)

    def _own(self, known: KnownDevice) -> tuple[DeviceKey, Instance]:
        row = find_key(self._unit, known.key.key_id)
        if row is None:
            raise DeviceRefusal("not_registered")
        return row, find_instance(self._unit, row.account_id, known.instance)

    def revive(self, known: KnownDevice) -> KnownDevice:
        """The take-over is undone: both machines live on, apart."""
        self._pools.forget()
        row = find_key(self._unit, known.key.key_id)
        if row is None:
            raise DeviceRefusal("not_registered")
        revive_key(self._unit, row)
        follow_keys(self._unit, row.account_id, None, {known.key.key_hash: row.instance_id})
        account = self._unit.session.get_one(SmartAccount, row.account_id)
        refresh_touched(self._unit, account, instances=[known.instance, row.instance_id], pools=())
        refresh_clones(self._unit, account)
        self._rows.forget(row.key_id)
        return self._rows.known(row.key_id, "") or replace(known, instance=row.instance_id, superseded=False)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Changes inside are undone when the block raises."""
        self._rows.write()
        try:
            with self._unit.session.begin_nested():
                yield
        except BaseException:
            self._pools.forget()  # it may have been made with what is undone
            raise
        finally:
            self._rows.forget(self._key_id)

    def remember(self, key_id: str, counter: int, digest: str, answer: bytes) -> None:
        """Keep the answer with the key, and the contact that a renewal has held back until the answer was made."""
        if self._is_contact:
            self._rows.contact(key_id)
        self._rows.remember(key_id, counter, digest, answer)

    def write(self) -> None:
        """Write what was held back, and refresh the alerts that it touched."""
        self._rows.write()
        self._pools.refresh()

    def note_refusal(self, op: str, code: str, cause: str, udi: Udi | None) -> None:
        """Log the exact cause; the device is told only its code."""
        get_logger().warning("device_refused", op=op, code=code, cause=cause, udi=udi.label if udi else None)
        if code == "token_refused":
            note_refused_token(self._unit, self._refused, cause, udi)

    def note_failure(self, known: KnownDevice, op: DeviceOp, code: str, message: str) -> None:
        """Record that a device could not be detached or reattached; a term that comes twice means a clone."""
        row = self._own(known)[1]
        if note_failure(self._unit, row, op, code, message):
            refresh_clones(self._unit, membership(self._unit, row)[0])

    def note_restored(self, known: KnownDevice, resumed: int) -> None:
        """Mark a device that was restored from an older copy; twice within a renewal interval it is a clone."""
        key, _ = self._own(known)
        if note_restored(self._unit, key, resumed):
            refresh_clones(self._unit, self._unit.session.get_one(SmartAccount, key.account_id))
        self._rows.forget(key.key_id)

    def register(self, body: RegisterBody, key: PublicKey) -> tuple[str, JsonObject]:
        """Register with a token."""
        self._pools.forget()
        if read_csr(body.csr).key_id != key.key_id:
            raise DeviceRefusal("identity_mismatch", "the certificate request is for another key")
        is_new = self._rows.get(key.key_id) is None  # no device has this key
        redeemed = redeem(self._unit, body.token, None if is_new else registered_with(self._unit, key))
        if redeemed.token is None:
            self._refused = redeemed.refused
            raise DeviceRefusal("token_refused", redeemed.cause)
        of = redeemed.token
        account, virtual_account = self._pools.place(of.account_id, of.virtual_account_id)
        if self._pools.owes_agreement(account):
            raise DeviceRefusal("agreement_pending")
        if not is_new:
            refuse_foreign(self._unit, account, key)
        registered = register(self._unit, of, body, key, is_new=is_new)
        result = registered_result(self._unit, self._keyring, registered, account, virtual_account)
        refresh_registered(self._unit, account, registered)
        return registered.instance.id, result.to_dict()

    def renew(self, known: KnownDevice, body: AuthorizeBody) -> JsonObject | None:
        """Answer for a list that changes nothing."""
        device = self._rows.get(known.key.key_id)
        result = renew_authorization(self._unit, self._pools, device, known, body) if device is not None else None
        self._is_contact = result is not None
        return result

    def register_new(self, body: RegisterBody, key: PublicKey) -> tuple[str, JsonObject] | None:
        """Every registration takes the full path here: accounts and agreements are to be looked at."""
        del body, key
        return None

    def authorize(self, known: KnownDevice, body: AuthorizeBody) -> JsonObject:
        """Answer for the complete list of use."""
        return authorize_device(self._unit, self._keyring, self._pools, self._own(known)[1], known, body)

    def renew_identity(self, known: KnownDevice, body: RenewIdentityBody) -> JsonObject:
        """A new certificate for the same key."""
        row = find_key(self._unit, known.key.key_id)
        if row is None or read_csr(body.csr).key_id != known.key.key_id:
            raise DeviceRefusal("identity_mismatch", "the certificate request is for another key")
        instance = find_instance(self._unit, row.account_id, known.instance)
        if instance.certificate_expires + CERTIFICATE_GRACE <= self._unit.licence_now:
            raise DeviceRefusal("certificate_expired")
        alarming = may_alarm(instance.certificate_expires, instance.last_contact, self._unit.licence_now)
        certificate = issue_certificate(self._unit, self._keyring, instance, row)
        instance.last_contact, instance.state = self.now, InstanceState.ACTIVE
        if alarming:
            account, _ = membership(self._unit, instance)
            refresh_touched(self._unit, account, instances=[instance.id], pools=())
        message = f"{placed_name(self._unit, instance)} renewed its identity certificate"
        record(
            self._unit,
            row.account_id,
            EventKind.INSTANCE_RENEWED,
            message,
            virtual_account_id=instance.virtual_account_id,
            instance_id=instance.id,
        )
        return CertificateResult(
            certificate, self._keyring.device_ca, instance.certificate_expires, self.now + CERTIFICATE_RENEWAL
        ).to_dict()

    def transfer_active(self, known: KnownDevice, body: TransferActiveBody) -> JsonObject:
        """Another member of the set is active; the count does not change (row C7.6)."""
        row = find_key(self._unit, known.key.key_id)
        if row is None or body.active.key not in {udi.key for udi in known.udis}:
            raise DeviceRefusal("unknown_member")
        instance = find_instance(self._unit, row.account_id, known.instance)
        change_active(self._unit, instance, body.active)
        return {"active": instance.udi, "at": iso(self.now)}

    def deregister(self, known: KnownDevice, returns: tuple[tuple[ExportReturn, JsonObject], ...]) -> JsonObject:
        """The device leaves: ordinary licences are freed, restricted ones by its signed returns (row C8.3)."""
        self._pools.forget()
        row = find_key(self._unit, known.key.key_id)
        if row is None:
            raise DeviceRefusal("not_registered")
        instance = find_instance(self._unit, row.account_id, known.instance)
        taken = [
            one
            for _, envelope in returns
            for one in take_device_return(self._unit, self._keyring, instance, known, envelope)
            if one.account_id == row.account_id
        ]
        account, _ = membership(self._unit, instance)
        doubled = bool(same_hardware(self._unit, instance) or "clone" in instance.marks)
        if leave_set(self._unit, instance, row):
            refresh_alerts(self._unit, account)
            return {}
        reservation = reservation_of(self._unit, row.account_id, instance.id)
        restricted = reservation is not None or any(one.grant is None for one in taken)
        restricted = restricted or has_restricted(self._unit, row.account_id, instance.id)
        pools = {(instance.virtual_account_id, tag) for tag in claims_of(self._unit, row.account_id, instance.id)}
        pools |= {(one.grant.virtual_account_id, one.grant.tag) for one in taken if one.grant is not None}
        note_removed(self._unit, instance, "removed itself")
        leave(self._unit, instance, reservation)
        if restricted or doubled:
            refresh_alerts(self._unit, account)  # also what it left behind, or asked for without success
        else:
            refresh_touched(self._unit, account, instances=[instance.id], pools=pools)
        return {}

    def export_request(self, known: KnownDevice, statement: ExportRequest, envelope: JsonObject) -> JsonObject:
        """Decided at once: central itself is asked."""
        self._pools.forget()
        del envelope
        return decide_for_device(self._unit, self._keyring, known, statement)

    def export_return(self, known: KnownDevice, statement: ExportReturn, envelope: JsonObject) -> JsonObject:
        """Free the grant by the device's own word."""
        self._pools.forget()
        taken = take_device_return(self._unit, self._keyring, (instance := self._own(known)[1]), known, envelope)
        if not taken:
            raise DeviceRefusal("unknown_grant")
        if any(one.account_id == instance.account_id and one.grant is None for one in taken):
            account, _ = membership(self._unit, instance)
            refresh_alerts(self._unit, account)  # what was reserved is free, and no one waits for a code any more
        return {"grant": statement.grant, "state": "returned"}

    def usage_report(self, known: KnownDevice, report: UsageReport, digest: str) -> JsonObject:
        """Book measured use; where it shows a licence for the first time, its pool has changed."""
        self._pools.forget()
        return book_report(self._unit, self._own(known)[1], report, digest).to_dict()

    def convert(self, known: KnownDevice, request: ConversionRequest, envelope: JsonObject) -> JsonObject:
        """Convert at once: central itself is asked."""
        self._pools.forget()
        _, instance = self._own(known)
        account, virtual_account = membership(self._unit, instance)
        row = convert_for_device(self._unit, Asking(account.id, None, virtual_account.id), request, envelope)
        if row is None:
            raise DeviceRefusal("identity_mismatch")
        refresh_alerts(self._unit, account)
        return answer_of(row).to_dict()

    def detach(self, known: KnownDevice, body: DetachBody) -> JsonObject:
        """The device leaves its network for a stated time."""
        return detach_device(self._unit, self._keyring, self._pools, self._own(known)[1], known, body)

    def reattach(self, known: KnownDevice, body: ReattachBody) -> JsonObject:
        """The device returns before its term ends."""
        return reattach_device(self._unit, self._keyring, self._pools, self._own(known)[1], known, body)
