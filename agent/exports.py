"""Restricted licences on the device: asking, installing what central granted, returning (row S4.4)."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from agent.conversation import Conversation
from agent.errors import NotRegisteredError, ServerRefusedError, UnknownUseError
from agent.evidence import open_own_grant
from agent.reserving import note_released
from agent.store import DeviceState, Export, HeldGrant
from exchange.device.licence_bodies import AuthorizeResult, ExportAnswer, StatementBody
from exchange.errors import ExchangeError
from exchange.identity import Udi
from exchange.keys import PrivateKey
from exchange.statements import ExportRequest, ExportReturn, open_grant_release, seal_export_request, seal_export_return
from exchange.trust import Trust
from exchange.vocabulary import DeviceOp


def request_export(
    talk: Conversation, state: DeviceState, key: PrivateKey, tag: str, count: int, now: datetime
) -> Export:
    """Request a total of `count` of a restricted licence; the same call again repeats the same request."""
    before = state.exports.get(tag)
    same = before is not None and before.count == count and before.state in {"pending", "granted"}
    request = before.request if before is not None and same else secrets.token_hex(16)
    result = _ask(talk, state, key, request, tag, count, now)
    export = Export(result.request, count, result.state.value, result.reason, result.message)
    state.exports[tag] = export
    return export


def withdraw_request(talk: Conversation, state: DeviceState, key: PrivateKey, tag: str, now: datetime) -> None:
    """Withdraw the request for a restricted licence: a request for zero replaces the old one."""
    result = _ask(talk, state, key, secrets.token_hex(16), tag, 0, now)
    state.exports[tag] = Export(result.request, 0, "none")


def _ask(
    talk: Conversation, state: DeviceState, key: PrivateKey, request: str, tag: str, count: int, now: datetime
) -> ExportAnswer:
    if state.instance is None or state.udi is None:
        raise NotRegisteredError("only a registered device can ask for a restricted licence")
    statement = seal_export_request(
        ExportRequest(
            request=request,
            instance=state.instance,
            udi=Udi.from_dict(state.udi),
            key_hash=key.public.key_hash,
            tag=tag,
            quantity=count,
            requested_at=now,
        ),
        key,
    )
    reply = talk.say(DeviceOp.EXPORT_REQUEST, StatementBody(statement=statement).to_dict(), now)
    return ExportAnswer.from_dict(reply.answer.result)


def sign_return(state: DeviceState, key: PrivateKey, grant: str, now: datetime) -> dict[str, Any]:
    """Store that a grant is returned before the return is sent; from then on it gives no right."""
    held = state.grants[grant]
    if held.returned is None:
        held.returned = seal_export_return(
            ExportReturn(
                grant=grant,
                instance=state.instance or "",
                udi=Udi.from_dict(state.udi or {}),
                key_hash=key.public.key_hash,
                tag=held.tag,
                quantity=held.quantity,
                returned_at=now,
            ),
            key,
        )
    return held.returned


def mark_returned(state: DeviceState, key: PrivateKey, tag: str, now: datetime) -> list[str]:
    """Sign the return of every grant of a licence; returns the grants' ids. UnknownUseError when none is held."""
    held = [name for name, grant in state.grants.items() if grant.tag == tag and grant.returned is None]
    if not held and tag not in state.exports:
        raise UnknownUseError("this device holds and awaits no restricted licence {tag}", tag=tag)
    for name in held:
        sign_return(state, key, name, now)
    export = state.exports.get(tag)
    if export is not None:
        export.state = "returned" if held or export.state == "returned" else "none"
    return held


def tell_returns(talk: Conversation, state: DeviceState, now: datetime) -> None:
    """Repeat every return that central has not released yet; the server takes each as often as it comes."""
    waiting = [held.returned for held in state.grants.values() if held.returned is not None and not held.released]
    for statement in (*waiting, *state.given_up.values()):
        try:
            talk.say(DeviceOp.EXPORT_RETURN, StatementBody(statement=statement).to_dict(), now)
        except ServerRefusedError as error:
            # A server that does not know the grant must not keep the device from its renewal; the return is repeated.
            if error.reason != "unknown_grant":
                raise


def install(state: DeviceState, key: PrivateKey, trust: Trust, result: AuthorizeResult, now: datetime) -> list[str]:
    """Take over what an authorization answer decided; returns the ids of grants that are no longer wanted."""
    unwanted: list[str] = []
    for envelope in result.grants:
        unwanted += _install_grant(state, key, trust, envelope, now)
    for envelope in result.releases:
        _install_release(state, key, trust, envelope)
    for entry in result.exports:
        _note(state, entry)
    return unwanted


def _install_grant(
    state: DeviceState, key: PrivateKey, trust: Trust, envelope: dict[str, Any], now: datetime
) -> list[str]:
    grant = open_own_grant(envelope, trust, key.public.key_hash, Udi.from_dict(state.udi or {}))
    if grant is None or grant.satellite != state.satellite:
        return []
    held = state.grants.get(grant.grant)
    if held is not None and held.returned is not None:
        return [] if held.released else [grant.grant]
    if held is None and grant.generation == 1 and now > grant.deliver_until:
        return []
    if held is None or grant.generation > held.generation:
        state.grants[grant.grant] = HeldGrant(grant.tag, grant.quantity, grant.generation, dict(envelope))
    export = state.exports.get(grant.tag)
    if held is None and export is not None and export.count == 0:
        # Granted while the withdrawal was on its way: it goes back before it ever gave a right.
        sign_return(state, key, grant.grant, now)
        return [grant.grant]
    return []


def _install_release(state: DeviceState, key: PrivateKey, trust: Trust, envelope: dict[str, Any]) -> None:
    try:
        release = open_grant_release(envelope, trust)
    except ExchangeError:
        return
    if release.key_hash != key.public.key_hash:
        return
    note_released(state, release.grant)
    held = state.grants.get(release.grant)
    if held is not None:
        # central's statement ends the right even where the device gave nothing back: the unit may be another's by now.
        held.released = True


def _note(state: DeviceState, entry: ExportAnswer) -> None:
    export = state.exports.get(entry.tag)
    if export is None or export.request != entry.request:
        if export is not None:
            return
        export = state.exports[entry.tag] = Export(entry.request, entry.count, entry.state.value)
    holds = any(g.tag == entry.tag and g.returned is None for g in state.grants.values())
    if export.state == "returned" or export.count == 0:
        return
    # "Granted" only means a grant that is here and verified: a satellite's statement alone gives nothing.
    export.state = entry.state.value if entry.state.value != "granted" or holds else "pending"
    export.reason = str(entry.reason) if entry.reason else None
    export.message = entry.message
