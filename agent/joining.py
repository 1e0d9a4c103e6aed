"""Registration and deregistration of a device (rows S4.1, S4.3)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from agent import exports, usage_reports
from agent.backoff import asked_for, registration_retry
from agent.conversation import Conversation, ServerReply
from agent.errors import AgentError, AlreadyRegisteredError, ServerBusyError, ServerUnreachableError
from agent.moving import about_of
from agent.states import Registration, RegistrationEvent, next_registration
from agent.store import DeviceState, Elsewhere, to_text
from exchange.canonical import iso
from exchange.certificate_issuing import make_csr
from exchange.device.bodies import DeregisterBody, RegisterBody, RegisterResult
from exchange.identity import Udi
from exchange.keys import PrivateKey
from exchange.vocabulary import DeviceOp


@dataclass(frozen=True, slots=True)
class RegistrationRequest:
    """Who wants to register, and with which token; the token is never kept in the state."""

    token: str
    udi: Udi
    product_tag: str | None = None
    hostname: str | None = None
    software_version: str | None = None
    standbys: tuple[Udi, ...] = ()

    def __repr__(self) -> str:
        """Show the device, never the token."""
        return f"Wish({self.udi.label})"


def checked(state: DeviceState, registration_request: RegistrationRequest) -> RegistrationRequest:
    """The registration of a device that may be registered already: only under its own identity; AlreadyRegisteredError."""
    if state.registration != "complete" or state.udi is None:
        return registration_request
    own = Udi.from_dict(state.udi)
    asked = (
        registration_request.udi
        if registration_request.udi.uuid is not None
        else replace(registration_request.udi, uuid=own.uuid)
    )
    if asked.key != own.key:
        raise AlreadyRegisteredError("this device is registered as {label}", label=own.label)
    return replace(registration_request, udi=own)


def about(registration_request: RegistrationRequest) -> dict[str, Any]:
    """The device's description at registration, as it is stored."""
    return {
        "udi": registration_request.udi.to_dict(),
        "standbys": [member.to_dict() for member in registration_request.standbys],
        "product_tag": registration_request.product_tag,
        "hostname": registration_request.hostname,
        "software_version": registration_request.software_version,
    }


def start(state: DeviceState) -> None:
    """A registration begins; a registered device stays what it is."""
    if state.registration != Registration.COMPLETE:
        _step(state, RegistrationEvent.STARTED)


def register(
    talk: Conversation, key: PrivateKey, registration_request: RegistrationRequest, now: datetime
) -> ServerReply:
    """Send the registration; the verified answer, or ServerRefusedError."""
    body = RegisterBody(
        token=registration_request.token,
        udi=registration_request.udi,
        product_tag=registration_request.product_tag,
        hostname=registration_request.hostname,
        software_version=registration_request.software_version,
        standbys=registration_request.standbys,
        csr=make_csr(key, registration_request.udi.label),
    )
    return talk.say(DeviceOp.REGISTER, body.to_dict(), now)


def accept(state: DeviceState, reply: ServerReply, now: datetime) -> None:
    """Take over the identity that a registration answer gives."""
    result = RegisterResult.from_dict(reply.answer.result)
    if state.registration != Registration.COMPLETE:
        state.registration = Registration.IN_PROGRESS
    _step(state, RegistrationEvent.ACCEPTED)
    if state.evaluation_mark is not None:
        state.evaluation_mark = None
    state.registration_message = ""
    state.registered_at = state.registered_at or iso(now)
    state.instance = result.instance
    state.satellite = reply.answer.satellite
    state.account = result.account_name
    state.virtual_account = result.virtual_account_name
    state.export_allowed = result.export_allowed
    state.detached = None
    state.certificate = to_text(result.certificate)
    state.device_ca = to_text(result.device_ca)
    state.certificate_expires = iso(result.certificate_expires)
    state.next_id_renewal = iso(result.renew_from)
    state.failures = 0


def note_failure(state: DeviceState, error: AgentError, now: datetime) -> None:
    """Remember why a registration did not succeed, and when to try again; a registered device stays what it was."""
    if state.registration == Registration.COMPLETE:
        return
    # A server that is busy has refused nothing.
    again = isinstance(error, ServerUnreachableError | ServerBusyError)
    _step(state, RegistrationEvent.UNREACHABLE if again else RegistrationEvent.REFUSED)
    state.failures += 1
    state.registration_message = error.message
    state.last_failure = iso(now)
    if again:
        wait = error.retry_after if isinstance(error, ServerBusyError) else None
        state.next_id_renewal = iso(now + (asked_for(wait) if wait is not None else registration_retry(state.failures)))


def deregister(talk: Conversation, state: DeviceState, key: PrivateKey, now: datetime) -> bool:
    """Return everything and forget the identity; True if the server was told."""
    returns = tuple(
        exports.sign_return(state, key, name, now) for name, held in state.grants.items() if not held.released
    )
    returns += tuple(state.given_up.values())
    reply = True
    try:
        talk.say(DeviceOp.DEREGISTER, DeregisterBody(returns=returns).to_dict(), now)
    except AgentError as error:
        reply = False
        _keep_farewell(state)
        state.last_failure = iso(now)
        state.registration_message = f"the server was not told: {error.message}"
    _step(state, RegistrationEvent.DEREGISTERED)
    _forget(state)
    if reply:
        state.registration_message = ""
    return reply


def _keep_farewell(state: DeviceState) -> None:
    """Unanswered messages are repeated later: they belong to the server that the device leaves."""
    if state.in_flight is not None and state.url is not None:
        place = {"url": state.url, "ca": state.ca, "fingerprint": state.fingerprint}
        state.farewells = [*state.farewells, Elsewhere(state.in_flight, place, about_of(state))]


def end_identity(state: DeviceState, now: datetime) -> None:
    """The identity ended without being renewed: the device is not registered any more; its key stays."""
    ended = state.certificate_expires
    _step(state, RegistrationEvent.CERTIFICATE_ENDED)
    uses = state.uses
    _forget(state)
    # What runs goes on running, in what is left of the evaluation period; the user decides what to stop.
    state.uses, state.evaluation_mark = uses, iso(now)
    state.registration_message = f"the identity ended on {ended} and was not renewed: register again"


def _forget(state: DeviceState) -> None:
    state.in_flight = None
    state.instance = state.certificate = state.device_ca = state.certificate_expires = None
    state.next_id_renewal = state.next_auth_renewal = state.registered_at = None
    state.account = state.virtual_account = None
    state.evidence = state.detached = None
    state.uses = {}
    state.exports = {}
    state.conversion = None
    usage_reports.forget(state)
    state.export_allowed = False


def _step(state: DeviceState, event: RegistrationEvent) -> None:
    state.registration = next_registration(Registration(state.registration), event).value
