"""The alerts that a site can raise, each with severity, actions, and what raises and clears it (row S3.2)."""

from __future__ import annotations

from collections.abc import Mapping

from serverkit.alerts.engine import AlertKind, Severity
from serverkit.backup.alerts import backup_kinds
from serverkit.tls.watch import alert_kinds
from serverkit.updates.alerts import update_kinds

_MAJOR, _MINOR, _INFO = Severity.MAJOR, Severity.MINOR, Severity.INFORMATIONAL

_KINDS = (
    AlertKind("insufficient_licences", _MAJOR, "virtual_account", ("synchronize",), "more is in use than purchased", "compliance"),
    AlertKind("licences_expiring", _MINOR, "virtual_account", ("remind",), "a term reaches a warning step", "the next step or the end"),
    AlertKind("licences_expired", _MINOR, "virtual_account", ("dismiss",), "a term has expired", "dismissal"),
    AlertKind("restricted_licence_not_available", _INFO, "virtual_account", ("dismiss",), "a restricted licence could not be granted", "a grant, or dismissal"),
    AlertKind("instance_failed_to_connect", _MINOR, "virtual_account", ("dismiss", "remind", "remove_instance"), "no contact for 30, 60 or 90 days", "contact"),
    AlertKind("instance_failed_to_renew", _MAJOR, "virtual_account", ("remove_instance", "dismiss"), "the identity was not renewed in time", "renewal"),
    AlertKind("device_clone", _MAJOR, "virtual_account", ("choose", "dismiss"), "two machines show the same identity", "one of them removed"),
    AlertKind("satellite_authorization_pending", _MINOR, "satellite", ("import",), "a registration waits for its authorization", "authorization"),
    AlertKind("satellite_sync_deadline", _MINOR, "satellite", ("remind", "dismiss"), "30 days without synchronization", "synchronization"),
    AlertKind("satellite_sync_overdue", _MAJOR, "satellite", ("synchronize",), "66 days without synchronization", "synchronization"),
    AlertKind("satellite_sync_failed", _MINOR, "satellite", ("dismiss",), "a response was refused", "a good response"),
    AlertKind("satellite_forked", _MAJOR, "satellite", ("resync",), "this machine was restored from an older copy", "resynchronization"),
    AlertKind("agreement_pending", _MAJOR, "satellite", ("synchronize",), "the account has yet to accept the licensing agreement", "acceptance at central and a synchronization"),
    AlertKind("virtual_account_released", _MAJOR, "virtual_account", ("remove_instance",), "product instances are in a virtual account that this satellite no longer has", "their transfer or removal, or the virtual account comes back"),
    AlertKind("clock_suspicious", _MAJOR, "satellite", ("confirm_time",), "the clock jumped ahead or was set back", "confirmation or a correct clock"),
    AlertKind("trust_expiring", _MAJOR, "satellite", ("synchronize",), "the root or a role key expires soon", "a newer root"),
    *backup_kinds("satellite"),
    *update_kinds("satellite"),
    AlertKind("mail_undelivered", _MINOR, "satellite", ("dismiss",), "the mail server did not take a mail in three attempts", "delivery, or a change of the settings"),
    AlertKind("webhook_undelivered", _MINOR, "satellite", ("dismiss",), "a webhook did not take a delivery in three attempts", "delivery, or removal of the webhook"),
    *alert_kinds("satellite"),
)  # fmt: skip

CATALOGUE: Mapping[str, AlertKind] = {kind.kind: kind for kind in _KINDS}
UNDELIVERED = frozenset({"mail_undelivered", "webhook_undelivered"})
