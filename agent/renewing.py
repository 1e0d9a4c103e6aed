"""Renewals of authorization and identity, and what an authorization answer brings (rows S4.2, S4.3)."""

from __future__ import annotations

from datetime import datetime, timedelta

from agent import converting, exports
from agent.backoff import asked_for, authorization_retry, identity_retry, jitter
from agent.conversation import Conversation, ServerReply
from agent.errors import AnswerRefusedError, NotRegisteredError, ServerRefusedError
from agent.store import Detached, DeviceState, Evidence, to_text
from exchange.canonical import iso
from exchange.certificate_issuing import make_csr
from exchange.certificates import certificate_key
from exchange.device.bodies import CertificateResult, RenewIdentityBody
from exchange.device.detaching import GIVEN_BACK, NOT_DETACHED, DetachResult, ReattachBody, authorization_in
from exchange.device.licence_bodies import AuthorizeBody
from exchange.identity import Udi
from exchange.keys import PrivateKey
from exchange.vocabulary import DeviceOp

OUT_OF_COMPLIANCE_RETRY = timedelta(hours=12)


def renew_authorization(talk: Conversation, state: DeviceState, key: PrivateKey, now: datetime) -> None:
    """Repeat unconfirmed returns, report the complete list of use, install what was decided."""
    if state.instance is None:
        raise NotRegisteredError("this device is not registered")
    returning = state.detached is not None  # until its return is accepted, a server takes nothing else from it
    if not returning:
        exports.tell_returns(talk, state, now)
        converting.ask_again(talk, state, key, now)
    reply = _ask(talk, state, now)
    installed_before = _installed(state)
    unwanted = accept_authorization(state, key, reply, now)
    if unwanted or returning:
        exports.tell_returns(talk, state, now)
    if _installed(state) != installed_before:
        # The server learns at once that a grant arrived, so that its queue says "delivered" and not "sent".
        accept_authorization(state, key, talk.say(DeviceOp.AUTHORIZE, use_of(state).to_dict(), now), now)


def _ask(talk: Conversation, state: DeviceState, now: datetime) -> ServerReply:
    """Ask for an authorization; a detached device returns by it, unless its term is over at the server too."""
    if state.detached is not None:
        body = ReattachBody(state.detached.term, use_of(state))
        try:
            return talk.say(DeviceOp.REATTACH, body.to_dict(), now)
        except ServerRefusedError as error:
            if error.reason == GIVEN_BACK:  # signed: what this machine was detached with may be another's by now
                state.detached = state.evidence = None
            if error.reason != NOT_DETACHED:
                raise
    return talk.say(DeviceOp.AUTHORIZE, use_of(state).to_dict(), now)


def use_of(state: DeviceState) -> AuthorizeBody:
    """What a device says of its use."""
    return AuthorizeBody(
        entitlements=tuple(sorted(state.uses.items())),
        installed=_installed(state),
        hostname=state.hostname,
        software_version=state.software_version,
    )


def _installed(state: DeviceState) -> tuple[tuple[str, int], ...]:
    held = ((name, grant.generation) for name, grant in state.grants.items() if grant.returned is None)
    return tuple(sorted(held))


def accept_authorization(state: DeviceState, key: PrivateKey, reply: ServerReply, now: datetime) -> list[str]:
    """Keep a verified answer as evidence and take over its decisions; ids of grants that are no longer wanted."""
    result = authorization_in(reply.answer.op, reply.answer.result)
    # A server that brought this device back under another record names it in its signed answer.
    state.instance = reply.answer.instance or state.instance
    state.evidence = Evidence(body=to_text(reply.body), digest=reply.digest, nonce=reply.nonce, received_at=iso(now))
    state.detached = None
    if reply.answer.op is DeviceOp.DETACH:
        given = DetachResult.from_dict(reply.answer.result)
        state.detached = Detached(given.term, iso(given.until))
    short = any(entry.state.value == "out_of_compliance" for entry in result.entitlements)
    interval = OUT_OF_COMPLIANCE_RETRY if short else result.renew_after - now
    state.next_auth_renewal = iso(now + jitter(interval, 2) if short else result.renew_after)
    state.failures = 0
    state.registration_message = ""
    return exports.install(state, key, reply.trust, result, now)


def renew_identity(talk: Conversation, state: DeviceState, key: PrivateKey, now: datetime) -> None:
    """Ask for a new identity certificate for the same key."""
    if state.udi is None:
        raise NotRegisteredError("this device is not registered")
    body = RenewIdentityBody(csr=make_csr(key, Udi.from_dict(state.udi).label))
    reply = talk.say(DeviceOp.RENEW_IDENTITY, body.to_dict(), now)
    result = CertificateResult.from_dict(reply.answer.result)
    if certificate_key(result.certificate).key_id != key.public.key_id:
        raise AnswerRefusedError("the new certificate is for another key")
    accept_identity(state, reply)


def accept_identity(state: DeviceState, reply: ServerReply) -> None:
    """Take over a renewed identity certificate."""
    result = CertificateResult.from_dict(reply.answer.result)
    state.certificate = to_text(result.certificate)
    state.device_ca = to_text(result.device_ca)
    state.certificate_expires = iso(result.certificate_expires)
    state.next_id_renewal = iso(result.renew_from)


def note_identity_failure(state: DeviceState, message: str, now: datetime) -> None:
    """Remember why the renewal of the identity failed, and when to try again."""
    state.failures += 1
    state.last_failure = iso(now)
    state.registration_message = message
    state.next_id_renewal = iso(now + identity_retry(state.failures))


def note_failure(state: DeviceState, message: str, now: datetime, *, retry_after: int | None = None) -> None:
    """Remember why a renewal failed, and when to try again: when a busy server said, if it did."""
    state.failures += 1
    state.last_failure = iso(now)
    state.registration_message = message
    wait = asked_for(retry_after) if retry_after is not None else authorization_retry(state.failures)
    state.next_auth_renewal = iso(now + wait)
