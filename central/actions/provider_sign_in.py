"""Use cases of signing in by an OpenID provider: go there, come back, confirm a session, and who may (rows C1.5, C1.7).

The provider is asked while no unit of work is open.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from central.actions.sign_in import people_of
from central.domain.access.rules import HeldRole, Role
from central.domain.accounts.errors import UnknownAccountError, UnknownVirtualAccountError
from central.domain.accounts.queries import by_domain, virtual_account
from central.domain.credentials import identities
from central.domain.credentials.errors import NoProviderError, NoRoleMappedError
from central.domain.credentials.models import USER_TABLES
from central.runtime import Central
from central.settings import CentralSettings, Mapped
from serverkit.actor import SYSTEM
from serverkit.clock import iso
from serverkit.db.unit import Unit
from serverkit.errors import AppError
from serverkit.files import read_bounded
from serverkit.http.pins import certificates_in
from serverkit.log import get_logger
from serverkit.openid.errors import ProviderAnswerError, ProviderUnreachableError, SignInStateError
from serverkit.openid.flow import Flow
from serverkit.openid.provider import Client, Provider
from serverkit.users import sessions
from serverkit.users.sign_in import SignedIn
from serverkit.users.tables import Browser

RETURN = "/sign-in/provider/return"
MOST_SECRET, MOST_AUTHORITIES = 4096, 200_000


@dataclass(frozen=True, slots=True)
class Returned:
    """What the browser of someone who came back gets; `entered` is None where a session was confirmed, with a new secret."""

    next: str
    entered: SignedIn | None
    renewed: str = ""

    def __repr__(self) -> str:
        """Never show the secrets."""
        return f"Returned(confirmed={self.entered is None})"


def provider_label(server: Central) -> str:
    """How the provider is called; empty where there is none."""
    settings = server.settings.openid
    return settings.label or settings.issuer.removeprefix("https://") if settings.issuer else ""


def begin(server: Central, next_path: str, *, again: bool) -> tuple[str, str]:
    """The provider's address to go to, and what the browser keeps meanwhile; NoProviderError, ProviderUnreachableError."""
    now = server.clock.now()
    flow = Flow.begin(next_path, now, again=again)
    return _provider(server).address(flow, now), flow.seal(server.keyring.box)


def come_back(
    server: Central, sealed: str, answer: Mapping[str, str], browser: Browser, session: str | None
) -> Returned:
    """Take what the provider answers: begin a session, or confirm the one that is there. A session before it ends.

    SignInStateError, ProviderRefusedError, ProviderAnswerError, ProviderUnreachableError, IdentityDisabledError,
    IdentityNameTakenError, NoRoleMappedError.
    """
    provider, now = _provider(server), server.clock.now()
    state = answer.get("state", "")
    flow = Flow.open(server.keyring.box, sealed, state, now)
    server.database.run(SYSTEM, lambda unit: identities.use_state(unit, state))
    claims = provider.finish(flow, answer, now)
    subject, people = str(claims["sub"]), people_of(server)
    if flow.again:
        found, person = people.recognise(session or "")

        def renew(unit: Unit) -> str:
            known = identities.person_of_identity(unit, provider.client.issuer, subject)
            if known is None or known.id != person.id:
                raise SignInStateError("the session belongs to someone else than the one who confirmed it")
            sessions.find(unit, USER_TABLES, session or "")  # it may have been revoked meanwhile
            return sessions.renew(unit, USER_TABLES, found.id)

        return Returned(flow.next, None, server.database.run(SYSTEM, renew))
    settings = server.settings.openid
    name, groups = _name(claims, settings.name_claim), _groups(claims.get(settings.groups_claim))

    def enter(unit: Unit) -> SignedIn | None:
        wanted = _wanted(unit, settings.mapped, groups)
        person = identities.admit(unit, provider.client.issuer, subject, name, wanted)
        return people.enter(unit, person, browser, previous=session) if person is not None else None

    entered = server.database.run(SYSTEM, enter)
    if entered is None:
        raise NoRoleMappedError
    return Returned(flow.next, entered)


def sign_out_address(server: Central) -> str | None:
    """Where the session at the provider is ended; None where that has no such place."""
    return _provider(server).sign_out_address(server.clock.now(), server.settings.link("/sign-in"))


def test_provider(server: Central) -> dict[str, Any]:
    """Ask for what the provider publishes; NoProviderError, ProviderUnreachableError."""
    provider, now = Provider(_client(server.settings)), server.clock.now()
    published = provider.published(now)
    keys = provider.keys(published, now)
    names = ("authorization_endpoint", "token_endpoint", "jwks_uri", "end_session_endpoint")
    return {
        "issuer": provider.client.issuer,
        "redirect": provider.client.redirect,
        **{one: published.get(one) for one in names},
        "keys": len(keys),
    }


def list_identities(unit: Unit, user_id: str | None = None) -> list[dict[str, Any]]:
    """Who signs in by the provider: everyone, or how one user does."""
    return [
        {
            "id": identities.id_of(row),
            "name": name,
            "issuer": row.issuer,
            "subject": row.subject,
            "disabled": row.disabled,
            "created_at": iso(row.created_at),
        }
        for row, name in identities.list_identities(unit, user_id)
    ]


def add_identity(server: Central, unit: Unit, name: str, subject: str) -> dict[str, Any]:
    """Link a user who is there to a subject of the provider."""
    if not server.settings.openid.issuer:
        raise NoProviderError
    row = identities.link(unit, name, server.settings.openid.issuer, subject)
    return {"name": name, "issuer": row.issuer, "subject": row.subject}


def disable_identity(unit: Unit, name: str, only: str | None = None, *, disabled: bool) -> dict[str, Any]:
    """Refuse a user's sign-ins by the provider, or one of them by its id, or allow them again."""
    identities.set_disabled(unit, name, only, disabled=disabled)
    return {"name": name, "disabled": disabled}


def remove_identity(unit: Unit, name: str, only: str | None = None) -> dict[str, Any]:
    """Forget how the provider knows a user, or one such identity by its id."""
    identities.unlink(unit, name, only)
    return {"name": name, "removed": True}


def _provider(server: Central) -> Provider:
    return _known_provider(server.settings)


@lru_cache(maxsize=4)
def _kept_provider(client: Client) -> Provider:
    return Provider(client)


def _known_provider(settings: CentralSettings) -> Provider:
    # What was published is kept as long as the settings and the files that they name stay the same.
    return _kept_provider(_client(settings))


def _client(settings: CentralSettings) -> Client:
    found = settings.openid
    if not found.issuer:
        raise NoProviderError
    secret = _content(found.client_secret_file, MOST_SECRET).strip() if found.client_secret_file else ""
    authorities = _content(found.ca_file, MOST_AUTHORITIES) if found.ca_file else None
    try:
        if authorities is not None:
            certificates_in(authorities)
    except ValueError as error:
        raise ProviderUnreachableError("the file of the authorities holds no certificates") from error
    return Client(
        found.issuer,
        found.client_id,
        secret,
        settings.link(RETURN),
        tuple(found.scopes),
        timedelta(seconds=found.clock_skew_seconds),
        found.timeout_seconds,
        authorities,
        found.networks,
    )


def _content(path: str, most: int) -> str:
    try:
        return read_bounded(Path(path), most).decode("ascii", "replace")
    except AppError as error:
        raise ProviderUnreachableError("a file that the settings of the provider name cannot be read") from error


def _name(claims: Mapping[str, Any], wanted: str) -> str:
    for one in (claims.get(wanted), claims.get("email"), claims["sub"]):
        if isinstance(one, str) and one.strip():
            return one.strip()
    raise ProviderAnswerError


def _groups(found: Any) -> frozenset[str]:
    listed = found if isinstance(found, list) else [found]
    return frozenset(one for one in listed if isinstance(one, str))


def _wanted(unit: Unit, mapped: Collection[Mapped], groups: Collection[str]) -> set[HeldRole]:
    wanted = set[HeldRole]()
    for one in mapped:
        if one.group not in groups:
            continue
        try:
            account = by_domain(unit, one.domain).id if one.domain else ""
            place = virtual_account(unit, account, one.place).id if one.place else ""
        except (UnknownAccountError, UnknownVirtualAccountError):
            get_logger().warning("mapped_place_unknown", domain=one.domain, place=one.place)
            continue
        wanted.add(HeldRole(Role(one.role), account, place))
    return wanted
