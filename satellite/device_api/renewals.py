"""The answer to a device whose list of use is the one that is known: nothing is looked at twice, nothing written."""

from __future__ import annotations

from datetime import datetime

from exchange.canonical import JsonObject
from exchange.device.backend import DeviceRefusal
from exchange.device.bodies import AuthorizeBody, AuthorizeResult
from exchange.device.timers import AUTHORIZATION, AUTHORIZATION_RENEWAL, CERTIFICATE_GRACE, SILENT_MINOR
from satellite.device_api.applied_lines import PoolUse
from satellite.device_api.device_rows import Fact
from serverkit.db.unit import Unit


def refuse_ended(unit: Unit, certificate_expires: datetime) -> None:
    """A device whose identity has ended is renewed on neither way."""
    if certificate_expires + CERTIFICATE_GRACE <= unit.licence_now:
        raise DeviceRefusal("certificate_expired")


class Renewals:
    """Answers plain renewals of one group."""

    def __init__(self, unit: Unit, figures: PoolUse) -> None:
        """`figures` are those of the group."""
        self._unit = unit
        self._figures = figures

    def answer(self, fact: Fact, body: AuthorizeBody) -> JsonObject | None:
        """The result, or None where the list, the description, a long silence or restricted licences need more than an answer."""
        row, now = fact.row, self._unit.now
        refuse_ended(self._unit, row.certificate_expires)
        if self._unit.licence_now - row.last_contact >= SILENT_MINOR[0]:
            return None  # its contact ends an alert
        ordinary = self._figures.ordinary(body.entitlements)
        if ordinary != fact.uses or body.installed or fact.has_restricted or self._is_renamed(fact, body):
            return None
        until, home = now + AUTHORIZATION, (row.virtual_account_id, row.product_tag, row.udi["pid"])
        return AuthorizeResult(
            issued=now,
            valid_until=until,
            renew_after=now + AUTHORIZATION_RENEWAL,
            entitlements=tuple(self._figures.answer(home, tag, count, until) for tag, count in body.entitlements),
            allotments=self._figures.standing.envelopes(row.virtual_account_id, list(ordinary)),
            grants=(),
            exports=(),
            releases=(),
        ).to_dict()

    @staticmethod
    def _is_renamed(fact: Fact, body: AuthorizeBody) -> bool:
        return bool(
            (body.hostname and body.hostname != fact.row.hostname)
            or (body.software_version and body.software_version != fact.row.software_version)
        )
