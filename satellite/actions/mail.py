"""Use cases of mail: alerts go to people by mail, through the outbox, and never hold anything up (row S3.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field
from sqlalchemy import select, update

from satellite.core.access.rules import Permission
from satellite.core.access.services import require
from satellite.core.alerts.models import Alert
from satellite.core.alerts.services import refresh_undelivered
from satellite.core.operations.models import OutboxEntry
from satellite.core.settings import services as stored
from satellite.core.site.queries import site_of
from satellite.runtime import Satellite
from serverkit.actor import Actor, ActorKind
from serverkit.alerts.engine import AlertState
from serverkit.db.unit import Unit
from serverkit.errors import AppError
from serverkit.licence_texts import quantity
from serverkit.mail import sender
from serverkit.mail.routes import MOST_RECIPIENTS, Least, Route, addresses, mails_about
from serverkit.mail.sender import Given, MailOffError
from serverkit.mail.settings import MailSettings, plain_host, plain_user
from serverkit.outbox import deliver, entries, entry_members, put
from serverkit.outward import client_context
from serverkit.stored_settings import Stored, checked

MAIL, SHOWN, MOST_AUTHORITIES = "mail", 10, 200_000


def _address(text: str) -> str:
    try:
        return sender.check_address(text)
    except AppError as error:
        raise ValueError(error.message) from None


def _authorities(text: str) -> str:
    try:
        client_context(text)
    except AppError as error:
        raise ValueError(error.message) from None
    return text


Address = Annotated[str, AfterValidator(_address)]
Authorities = Annotated[str, AfterValidator(_authorities)]
Host = Annotated[str, AfterValidator(plain_host)]


class MailPlan(Stored):
    """The mail server, and who is told of which alerts; without `host` no mail is sent."""

    host: Host = Field(default="", max_length=253)
    port: int = Field(default=587, ge=1, le=65_535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    authorities: Authorities = Field(default="", max_length=MOST_AUTHORITIES)
    user: Annotated[str, AfterValidator(plain_user)] = Field(default="", max_length=255)
    sender: Address = Field(default="perigee@localhost", max_length=255)
    recipients: list[Route] = Field(default=[], max_length=MOST_RECIPIENTS)
    least: Least = "major"


def sends_mail(unit: Unit) -> bool:
    """Tell whether a mail server is set. Everyone may know."""
    return bool(stored.read(unit, stored.MAIL, MailPlan).host)


def show_mail(unit: Unit) -> dict[str, Any]:
    """Show the settings of mail, and the newest mails; never the password."""
    require(unit, Permission.SITE_MANAGE)
    plan = stored.read(unit, stored.MAIL, MailPlan)
    last = unit.session.scalars(entries(OutboxEntry).order_by(OutboxEntry.at.desc()).limit(SHOWN))
    return {
        **plan.model_dump(),
        "password_set": stored.has_secret(unit, stored.MAIL),
        "items": [entry_members(row) for row in last],
    }


def change_mail(
    server: Satellite, unit: Unit, changes: Mapping[str, Any], password: str | None = None
) -> dict[str, Any]:
    """Change the settings of mail; what is not named stays, an empty password removes it. InvalidInputError."""
    present = stored.read(unit, stored.MAIL, MailPlan)
    plan = checked(MailPlan, {**present.model_dump(), **changes})
    secret = "" if not plan.user else password
    stored.change(unit, stored.MAIL, plan, server.keyring.box, secret)
    if plan.host and not present.host:
        unit.session.execute(update(Alert).values(told=True))  # alerts from before are no news
    _try_again(unit, plan.recipients)
    return show_mail(unit)


def _try_again(unit: Unit, recipients: Sequence[str]) -> None:
    """What was not sent is tried at once with the new settings; for anyone who is no recipient any more it is dropped."""
    for row in unit.session.scalars(select(OutboxEntry).where(OutboxEntry.sent_at.is_(None))):
        if row.payload.get("to") in addresses(recipients):
            row.due_at, row.attempts = unit.now, 0
        else:
            unit.session.delete(row)
    refresh_undelivered(unit)


def send_test_mail(server: Satellite, actor: Actor, to: str = "") -> dict[str, Any]:
    """Send a mail now, to the first recipient where none is named; MailFailedError says what failed and why."""
    with server.database.read(actor) as unit:
        require(unit, Permission.SITE_MANAGE)
        settings, given, recipients = _account(server, unit)
        now = unit.now
    target = to or next(iter(addresses(recipients)), "")
    if not settings.host:
        raise MailOffError
    sender.send_test(settings, target, now, given)
    return {"to": target, "host": settings.host, "security": settings.security, "sent": True}


def queue_alert_mails(unit: Unit) -> str:
    """Write one mail to each recipient about alerts of its severity that were raised since the last one; the result of the job."""
    plan = stored.read(unit, stored.MAIL, MailPlan)
    if not plan.host:
        return ""
    # What was told is noted with each alert: the clock may be set back, and two alerts may have one moment.
    untold = list(unit.session.scalars(select(Alert).where(Alert.told.is_(False)).order_by(Alert.raised_at, Alert.id)))
    fresh = [one for one in untold if one.state == AlertState.OPEN]
    for one in untold:
        one.told = True
    mails = list(mails_about(site_of(unit).name, plan.recipients, plan.least, fresh))
    for to, subject, text in mails:
        put(unit, OutboxEntry, MAIL, {"to": to, "subject": subject, "text": text})
    return quantity(len(mails), "mail") if mails else ""


def mail_alerts(server: Satellite) -> str:
    """Write mails about new alerts, then send what waits, outside of any transaction; the result of the job."""
    actor = Actor(ActorKind.JOB, "mail", "job mail")
    server.database.run(actor, queue_alert_mails)
    with server.database.read(actor) as unit:
        settings, given, _ = _account(server, unit)
    if not settings.host:
        return ""

    def send_mail(entry_id: str, mail: dict[str, Any]) -> None:
        message = sender.compose(settings, entry_id, server.clock.now(), mail["to"], mail["subject"], mail["text"])
        sender.send(settings, message, given)

    said = deliver(server.database, OutboxEntry, actor, {MAIL: send_mail})
    server.database.run(actor, refresh_undelivered)
    return said


def _account(server: Satellite, unit: Unit) -> tuple[MailSettings, Given, list[str]]:
    plan = stored.read(unit, stored.MAIL, MailPlan)
    settings = MailSettings(
        host=plan.host or None, port=plan.port, security=plan.security, user=plan.user or None, sender=plan.sender
    )
    return settings, Given(stored.secret_of(unit, stored.MAIL, server.keyring.box), plan.authorities), plan.recipients
