"""Which alerts are mailed to whom: each recipient from a least severity on, in one mail for all that is new (rows S3.4, B20)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Protocol

from pydantic import AfterValidator, Field

from serverkit.alerts.engine import Severity
from serverkit.clock import iso
from serverkit.errors import AppError
from serverkit.mail.sender import check_address
from serverkit.stored_settings import Stored

Least = Literal["major", "minor", "informational"]
ORDER = (Severity.MAJOR, Severity.MINOR, Severity.INFORMATIONAL)
MOST_RECIPIENTS, MOST_LINES = 20, 50


class Told(Protocol):
    """What a mail says of an alert."""

    @property
    def raised_at(self) -> datetime:
        """When it was raised."""
        ...

    @property
    def severity(self) -> Any:
        """How severe it is."""
        ...

    @property
    def source(self) -> str:
        """Where it is."""
        ...

    @property
    def message(self) -> str:
        """What it says."""
        ...


def plain_route(text: str) -> str:
    """A recipient: an address, or an address and the least severity that it is told of; ValueError."""
    address, _, least = " ".join(text.split()).partition(" ")
    if least and least not in {one.value for one in ORDER}:
        raise ValueError(f"{least[:40]!r} is no severity: major, minor or informational")
    try:
        check_address(address)
    except AppError as error:
        raise ValueError(error.message) from None
    return f"{address} {least}" if least else address


Route = Annotated[str, AfterValidator(plain_route)]


class Routes(Stored):
    """Who is told of which alerts; `least` holds for each recipient that names no severity."""

    recipients: list[Route] = Field(default=[], max_length=MOST_RECIPIENTS)
    least: Least = "major"


def addresses(recipients: Sequence[str]) -> list[str]:
    """The addresses of recipients."""
    return [one.partition(" ")[0] for one in recipients]


def mails_about(
    name: str, recipients: Sequence[str], least: str, fresh: Sequence[Told]
) -> Iterator[tuple[str, str, str]]:
    """One mail for each recipient whom new alerts concern: address, subject and text. `name` is the server's."""
    for recipient in recipients:
        address, _, own = recipient.partition(" ")
        wanted = ORDER[: [one.value for one in ORDER].index(own or least) + 1]
        news = [one for one in fresh if one.severity in {severity.value for severity in wanted}]
        if news:
            subject = f"{name}: {news[0].message}"[:200] if len(news) == 1 else f"{name}: {len(news)} new alerts"
            yield address, " ".join(subject.split()), _text(news)


def _text(news: Sequence[Told]) -> str:
    lines = (f"{iso(one.raised_at)}  {one.severity}  {one.source}\n  {one.message}\n\n" for one in news[:MOST_LINES])
    more = f"and {len(news) - MOST_LINES} more; see the console.\n" if len(news) > MOST_LINES else ""
    return "".join(lines) + more
