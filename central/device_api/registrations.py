"""A device registers at central itself, with regard to what is reserved for it by code (rows C6.8, S4.1)."""

from __future__ import annotations

from dataclasses import dataclass

from central.domain.accounts.models import SmartAccount, VirtualAccount
from central.domain.alerts.services import refresh_alerts, refresh_clones, refresh_touched
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from central.domain.export_control.renewing import held_by_former_keys
from central.domain.instances.devices import find_key, issue_certificate, register_device
from central.domain.instances.hardware import same_hardware
from central.domain.instances.models import DeviceKey, Instance
from central.domain.instances.queries import known_unit
from central.domain.instances.services import end_instance, leave_to_reservation
from central.domain.reservations.ending import note_registered
from central.domain.reservations.models import Reservation
from central.domain.reservations.queries import forget_registered, waiting_instance
from central.domain.tokens.models import Token
from central.keyring import KeyRing
from exchange.codes.request import read_request_code
from exchange.device.backend import DeviceRefusal
from exchange.device.bodies import RegisterBody, RegisterResult
from exchange.device.timers import CERTIFICATE_RENEWAL
from exchange.identity import Udi
from exchange.keys import PublicKey
from serverkit.db.unit import Unit


@dataclass(frozen=True, slots=True)
class Registered:
    """The instance of a device that registered and its key; whether it was known, and whether a right stays with a former key."""

    instance: Instance
    key: DeviceKey
    known: bool
    bound: bool


def register(unit: Unit, token: Token, body: RegisterBody, key: PublicKey, *, is_new: bool) -> Registered:
    """Register a device; one that was added by its request code takes that instance over, and its reservation stays.

    `is_new` says that no device has the key.

    A key that central never saw gives nothing up: the device that holds the code does, as soon as it is registered.
    """
    by_code = waiting_instance(unit, token.account_id, body.udi)
    known = known_unit(unit, token.account_id, body.udi, token.virtual_account_id)
    if known is None or known.udi_key != body.udi.key:
        known = by_code or known
    if by_code is not None and known is by_code:
        by_code.udi, by_code.udi_key = body.udi.to_dict(), body.udi.key
        # It registers where its token says; what is reserved stays where it was taken from.
        by_code.virtual_account_id = token.virtual_account_id
        unit.session.flush()  # it is looked for by its identity
    instance, row = register_device(unit, token, body, key, is_new=is_new and known is None)
    if by_code is not None:
        note_registered(unit, token.account_id, by_code, instance)
    bound = by_code is not None or (
        known is not None and bool(held_by_former_keys(unit, token.account_id, instance.id))
    )
    return Registered(instance, row, known is not None, bound)


def registered_result(
    unit: Unit, keyring: KeyRing, found: Registered, account: SmartAccount, virtual_account: VirtualAccount
) -> RegisterResult:
    """What a device is told that registered, with a new certificate."""
    certificate = issue_certificate(unit, keyring, found.instance, found.key)
    return RegisterResult(
        instance=found.instance.id,
        certificate=certificate,
        device_ca=keyring.device_ca,
        account_domain=account.domain,
        account_name=account.name,
        virtual_account_id=virtual_account.id,
        virtual_account_name=virtual_account.name,
        certificate_expires=found.instance.certificate_expires,
        renew_from=unit.now + CERTIFICATE_RENEWAL,
        export_allowed=found.instance.export_allowed,
    )


def refresh_registered(unit: Unit, account: SmartAccount, found: Registered) -> None:
    """Make the alerts true that a registration can have touched."""
    if found.bound:
        refresh_alerts(unit, account)  # two may use what is reserved or granted
    elif found.known:  # what is new gives no cause for an alert, and ends none
        refresh_touched(unit, account, instances=[found.instance.id], pools=())
    if same_hardware(unit, found.instance):
        refresh_clones(unit, account)


def leave(unit: Unit, instance: Instance, reservation: Reservation | None) -> None:
    """A device deregistered: its instance goes, but for what a former key still holds by code."""
    forget_registered(unit, instance.account_id, [instance.id])
    if reservation is None:
        end_instance(unit, instance)
    else:
        leave_to_reservation(unit, instance, read_request_code(reservation.request_code).udi)
        instance.virtual_account_id = reservation.virtual_account_id


def refuse_foreign(unit: Unit, account: SmartAccount, key: PublicKey) -> DeviceKey | None:
    """The row of a key; refused where it belongs to another account: one key is one device in one account."""
    row = find_key(unit, key.key_id)
    if row is not None and row.account_id != account.id:
        raise DeviceRefusal("registered_elsewhere")
    return row


def note_refused_token(unit: Unit, of: Token | None, cause: str, udi: Udi | None) -> None:
    """Record that a token was refused, with the exact cause."""
    subject = {"cause": cause, "device": udi.label if udi else "", "token": of.id if of else None}
    message = f"registration refused: token {cause.replace('_', ' ')}"
    account, va = (of.account_id, of.virtual_account_id) if of else (None, None)
    record(unit, account, EventKind.TOKEN_REFUSED, message, subject=subject, virtual_account_id=va)
