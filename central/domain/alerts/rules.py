"""The catalogue (row C10.4): every kind with its severity, actions, and what raises and clears it."""

from __future__ import annotations

from collections.abc import Mapping

from serverkit.alerts.engine import AlertKind, Severity
from serverkit.backup.alerts import backup_kinds
from serverkit.tls.watch import alert_kinds
from serverkit.updates.alerts import update_kinds

_MAJOR, _MINOR, _INFO = Severity.MAJOR, Severity.MINOR, Severity.INFORMATIONAL

_KINDS = (
    AlertKind("insufficient_licences", _MAJOR, "virtual_account", ("transfer",), "more is in use than purchased", "compliance"),
    AlertKind("agreement_pending", _MAJOR, "account", ("accept",), "no agreement was accepted yet", "acceptance"),
    AlertKind("agreement_updated", _MAJOR, "account", ("accept",), "a newer agreement is in force", "acceptance"),
    AlertKind("licences_expiring", _MINOR, "virtual_account", ("remind",), "a term reaches a warning step", "the next step or the end"),
    AlertKind("licences_expired", _MINOR, "virtual_account", ("dismiss",), "a term has ended", "dismissal"),
    AlertKind("reserved_licence_expired", _MINOR, "virtual_account", ("update_reservation", "dismiss"), "a reserved term has ended", "an update with a valid term"),
    AlertKind("reservation_pending", _INFO, "virtual_account", ("enter_confirmation_code",), "an authorization code waits for its installation", "the code entered or cancelled"),
    AlertKind("reservation_former_key", _MAJOR, "virtual_account", ("enter_return_code", "release"), "a device registered without giving its reservation up", "its give-up, its return code, or the vendor's release"),
    AlertKind("reservation_released", _MINOR, "virtual_account", ("enter_return_code", "dismiss"), "the vendor freed a reservation without a return code", "the return code, the end of its terms, or dismissal"),
    AlertKind("instance_failed_to_connect", _MINOR, "virtual_account", ("dismiss", "remind", "remove_instance"), "no contact for 30, 60 or 90 days", "contact"),
    AlertKind("instance_failed_to_renew", _MAJOR, "virtual_account", ("remove_instance", "dismiss"), "the identity was not renewed in time", "renewal"),
    AlertKind("duplicate_licences", _MINOR, "virtual_account", ("cancel_order", "move"), "a licence has two subscriptions", "order cancelled or moved"),
    AlertKind("upgrade_pending", _INFO, "virtual_account", ("complete_upgrade",), "an upgrade waits for the licences it replaces", "completion"),
    AlertKind("restricted_licence_not_available", _INFO, "virtual_account", ("dismiss",), "a restricted licence could not be granted", "a grant, or dismissal"),
    AlertKind("reserved_licences_returned", _INFO, "virtual_account", ("dismiss",), "a factory reservation went back", "dismissal"),
    AlertKind("pending_removal", _INFO, "virtual_account", ("reset",), "a failed product was rehosted", "removal or reset"),
    AlertKind("conversion_errors", _MINOR, "account", ("dismiss",), "a conversion run failed", "dismissal"),
    AlertKind("licence_converted", _MINOR, "virtual_account", ("dismiss",), "a device converted only some of its classic licences", "a full conversion, or dismissal"),
    AlertKind("licences_not_converted", _MINOR, "virtual_account", ("dismiss",), "a device converted none of its classic licences", "a conversion, or dismissal"),
    AlertKind("satellite_authorization_pending", _MINOR, "satellite", (), "a satellite waits for its authorization", "authorization"),
    AlertKind("satellite_authorization_ready", _MINOR, "satellite", ("download", "dismiss"), "an authorization file waits to be fetched", "download or synchronization"),
    AlertKind("satellite_sync_deadline", _MINOR, "satellite", ("remind", "dismiss"), "30 days without synchronization", "synchronization"),
    AlertKind("satellite_sync_overdue", _MAJOR, "satellite", ("troubleshoot", "details"), "66 days without synchronization", "synchronization"),
    AlertKind("satellite_sync_failed", _MINOR, "satellite", ("dismiss",), "a file of the satellite was refused", "synchronization"),
    AlertKind("satellite_removed", _MAJOR, "account", ("dismiss",), "a satellite was removed for not synchronizing", "dismissal"),
    AlertKind("satellite_forked", _MAJOR, "satellite", ("resync",), "two machines speak as one satellite", "resynchronization"),
    AlertKind("device_clone", _MAJOR, "virtual_account", ("choose", "dismiss"), "two machines show the same identity", "one of them removed"),
    AlertKind("clock_suspicious", _MAJOR, "vendor", ("confirm_time",), "the clock jumped, or was set back", "confirmation or a right clock"),
    AlertKind("trust_expiring", _MAJOR, "vendor", ("rotate",), "root or a role key ends soon", "rotation"),
    AlertKind("mail_undelivered", _MINOR, "vendor", ("dismiss",), "the mail server did not take a mail in three attempts", "delivery, or another attempt by hand"),
    *backup_kinds("vendor"),
    *update_kinds("vendor"),
    AlertKind("webhook_undelivered", _MINOR, "vendor", ("dismiss",), "a webhook did not take a delivery in three attempts", "delivery, or removal of the webhook"),
    *alert_kinds("vendor"),
)  # fmt: skip

CATALOGUE: Mapping[str, AlertKind] = {kind.kind: kind for kind in _KINDS}
