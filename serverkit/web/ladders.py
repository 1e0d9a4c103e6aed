"""The ladder of a site: from its last synchronization over reminder and overdue to its removal."""

from __future__ import annotations

from datetime import datetime

from serverkit.web.console import Severity
from serverkit.web.figures import Ladder, Rung
from serverkit.web.formats import day
from serverkit.web.texts import _


def sync_ladder(
    last_sync: str | None,
    authorized_at: str | None,
    due: str | None,
    overdue: str | None,
    removal: str | None,
    now: datetime,
) -> Ladder | None:
    """The ladder of a site by its moments in ISO; None before it was authorized."""
    since = last_sync or authorized_at
    if since is None or due is None or overdue is None or removal is None:
        return None
    start, remind, late, gone = (datetime.fromisoformat(one) for one in (since, due, overdue, removal))
    severity = Severity.MAJOR if now >= late else Severity.MINOR if now >= remind else None
    began = _("synchronized") if last_sync else _("authorized")
    said = _(
        "{what} {since}; reminder {due}, overdue {overdue}, removed {removal}.",
        what=_("Last synchronization") if last_sync else _("Authorized"),
        since=day(start),
        due=day(remind),
        overdue=day(late),
        removal=day(gone),
    )
    rungs = (
        Rung(start, _("{day} {what}", day=day(start), what=began)),
        Rung(remind, _("{day} reminder", day=day(remind))),
        Rung(late, _("{day} overdue", day=day(late))),
        Rung(gone, _("{day} removed", day=day(gone)), gone=True),
    )
    return Ladder(_("Until when this site may stay silent"), said, start, rungs, min(now, gone), severity)
