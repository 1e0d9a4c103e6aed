"""What the folder `tls` demands of the alerts: a pair that cannot be used, a certificate that ends, names that it lacks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from serverkit.alerts.engine import AlertKind, Severity, Wanted
from serverkit.alerts.texts import said
from serverkit.tls.errors import TlsPairError
from serverkit.tls.names import asked_names, not_covered
from serverkit.tls.own import is_own
from serverkit.tls.pair import CERTIFICATE, KEY, is_there, read_pair

UNUSABLE, ENDING, NAMES = "tls_pair_unusable", "tls_certificate_ending", "tls_names_missing"
STEPS_DAYS = (30, 14, 7, 3, 2, 1)


def alert_kinds(scope: str) -> tuple[AlertKind, ...]:
    """The kinds of a server, for its catalogue."""
    major, minor = Severity.MAJOR, Severity.MINOR
    return (
        AlertKind(UNUSABLE, major, scope, (), "certificate and key in `tls` cannot be used", "a pair that can be used"),
        AlertKind(ENDING, major, scope, (), "the TLS certificate ends within 30 days", "a new certificate"),
        AlertKind(NAMES, minor, scope, (), "the certificate lacks a name that devices use", "a certificate with it"),
    )


KINDS = frozenset({UNUSABLE, ENDING, NAMES})


def wanted_alerts(folder: Path, now: datetime, names: Sequence[str], source: str) -> Iterator[Wanted]:
    """What the pair of a folder demands now; nothing where there is none, as behind a reverse proxy."""
    if not is_there(folder / CERTIFICATE) and not is_there(folder / KEY):
        return
    try:
        pair = read_pair(folder)
        pair.context()
    except TlsPairError as error:
        text = said(
            "The TLS files cannot be used: {reason}. A running server continues with the pair that it "
            "has; it does not start again. {remedy}",
            reason=error.message,
            remedy=error.remedy,
        )
        yield Wanted(UNUSABLE, "tls", text, source)
        return
    first = min(pair.chain, key=lambda one: one.not_valid_after_utc)
    end, start = first.not_valid_after_utc, max(one.not_valid_before_utc for one in pair.chain)
    left = (end - now).total_seconds() / 86400
    step = min((day for day in STEPS_DAYS if left <= day), default=None)
    day, own = f"{end:%Y-%m-%d %H:%M} UTC", is_own(folder, pair)
    what = said("The TLS certificate" if first == pair.leaf else "A certificate in the chain of the TLS certificate")
    remedy = (
        said("The job `tls` renews it; look at its runs.")
        if own
        else said("Put a new {certificate} into the folder `tls`.", certificate=CERTIFICATE)
    )
    if left <= 0:
        yield Wanted(
            ENDING, "tls", said("{what} ended on {day}. {remedy}", what=what, day=day, remedy=remedy), source, end
        )
    elif step is not None:
        yield Wanted(
            ENDING,
            "tls",
            said("{what} ends on {day}. {remedy}", what=what, day=day, remedy=remedy),
            source,
            end,
            step=step,
        )
    elif now < start:
        text = said(
            "{what} is valid only from {start} UTC. Compare the clock. {remedy}",
            what=what,
            start=f"{start:%Y-%m-%d %H:%M}",
            remedy=remedy,
        )
        yield Wanted(ENDING, "tls", text, source, start)
    lacking = not_covered(pair.leaf, [*names, *asked_names(folder, now)])
    if lacking:
        shown = ", ".join(lacking[:10]) + (f" and {len(lacking) - 10} more" if len(lacking) > 10 else "")
        text = said(
            "Devices reach this server as {shown}, which its TLS certificate does not name. Have a certificate issued with this name.",
            shown=shown,
        )
        yield Wanted(NAMES, "tls", text, source, subject={"names": lacking})
