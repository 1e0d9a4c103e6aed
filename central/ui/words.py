"""Words of licences that several pages show."""

from __future__ import annotations

from central.domain.ledger.rules import LotSource
from exchange.vocabulary import LicenceType
from serverkit.web.texts import Words, _

TYPES: dict[str, Words] = {
    LicenceType.PERPETUAL: _("perpetual"),
    LicenceType.TERM: _("term"),
    LicenceType.DEMO: _("demo, not for production"),
}
SOURCES: dict[str, Words] = {
    LotSource.ORDER: _("order"),
    LotSource.PAK_MIGRATION: _("conversion of a PAK"),
    LotSource.DEVICE_MIGRATION: _("conversion of a device"),
    LotSource.DLC_MIGRATION: _("conversion by the device"),
    LotSource.EA_MIGRATION: _("conversion of an enterprise agreement"),
    LotSource.MANUAL: _("added by the vendor"),
    LotSource.DEVICE_TRANSFER: _("transfer with a device"),
    LotSource.DEVICE_REQUEST: _("request of a device"),
}
