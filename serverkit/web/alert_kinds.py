"""Kinds of alerts that both servers raise about their own machine, as people read them."""

from __future__ import annotations

from collections.abc import Mapping

from serverkit.web.forms import Choice
from serverkit.web.tables import Filter, Item
from serverkit.web.texts import Words, _

OF_MACHINE: Mapping[str, Words] = {
    "clock_suspicious": _("The clock is in doubt"),
    "trust_expiring": _("A key of central ends soon"),
    "backup_old": _("The newest backup is old"),
    "backup_failed": _("A backup failed"),
    "backup_not_copied": _("A backup was not copied"),
    "update_not_installed": _("An update was not installed"),
    "mail_undelivered": _("Mail was not delivered"),
    "webhook_undelivered": _("A webhook does not answer"),
    "tls_pair_unusable": _("The TLS files cannot be used"),
    "tls_certificate_ending": _("The TLS certificate ends soon"),
    "tls_names_missing": _("The TLS certificate lacks a name"),
}


def kind_of(kinds: Mapping[str, Words], item: Item) -> Words:
    """What kind an alert is."""
    return kinds.get(item["kind"], str(item["kind"]).replace("_", " "))


def kind_filter(kinds: Mapping[str, Words]) -> Filter:
    """The filter of a list of alerts."""
    return Filter("kind", _("Kind"), choices=tuple(Choice(name, words) for name, words in kinds.items()))
