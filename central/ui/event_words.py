"""Events of central in the language of the page, those that satellites sent among them."""

from __future__ import annotations

from collections.abc import Mapping

from central.domain.event_log.event_kinds import EventKind
from serverkit.web.sentences import Sentences
from serverkit.web.site_events import SITE_SENTENCES
from serverkit.web.tables import Item
from serverkit.web.texts import Text, Words, _

_K = EventKind
_ADDED = _("product instance {name} added to {place}")
SENTENCES: Mapping[EventKind, tuple[Text, ...]] = {
    _K.VENDOR_CREATED: (_("central of {name} set up"),),
    _K.ROOT_ROTATED: (_("root {number} is in force"),),
    _K.ROLE_KEY_REPLACED: (
        _("the {name} key was replaced and the old one revoked"),
        _("the {name} key was replaced"),
    ),
    _K.POLICY_CHANGED: (_("policy {name} set to {value}"),),
    _K.SETTINGS_CHANGED: (_("settings of {name} changed: {names}"),),
    _K.BACKUP_MADE: (_("backup {name} made and verified"),),
    _K.BACKUP_REMOVED: (_("backup {name} removed"),),
    _K.BACKUP_COPIED: (_("backup {name} copied to {place}"),),
    _K.BACKUP_REHEARSED: (
        _("restore of {name} rehearsed: it is sound"),
        _("restore of {name} rehearsed: it is not sound"),
    ),
    _K.BACKUP_KEY_SEALED: (_("emergency kit with the encrypted key for copies made"),),
    _K.MAIL_RETRIED: (_("mail to {name} is tried again"),),
    _K.SUPPORT_BUNDLE_MADE: (_("support bundle made"),),
    _K.WEBHOOK_ADDED: (_("webhook {name} added"),),
    _K.WEBHOOK_REMOVED: (_("webhook {name} removed"),),
    _K.WEBHOOK_REDELIVERED: (_("a delivery to webhook {name} is sent again"),),
    _K.SUPPORT_REQUESTED: (_("a support request was sent to the vendor"),),
    _K.NODE_JOINED: (_("{name} on {place} works on this database now, as another node of this central"),),
    _K.USER_ADDED: (_("user {name} added"),),
    _K.ROLE_GIVEN: (_("{name} was made {role}"),),
    _K.ROLE_TAKEN: (_("{name} is {role} no more"),),
    _K.IDENTITY_CHANGED: (
        _("sign-in of {name} by the provider added"),
        _("sign-in of {name} by the provider enabled"),
        _("sign-in of {name} by the provider disabled"),
        _("sign-in of {name} by the provider removed"),
    ),
    _K.PASSWORD_SET: (_("first password of {name} made"), _("password of {name} set")),
    _K.TWO_STEP_OFF: (_("second step of {name} removed"),),
    _K.API_CLIENT_CREATED: (_("API client of {name} made"),),
    _K.API_CLIENT_REVOKED: (_("API client revoked"),),
    _K.API_TOKEN_CREATED: (_("access token of {name} made"),),
    _K.API_TOKEN_REVOKED: (_("access token revoked"),),
    _K.ACCOUNT_CREATED: (_("account {name} created"),),
    _K.ACCOUNT_CHANGED: (_("account {name} changed: {names}"),),
    _K.AGREEMENT_PUBLISHED: (_("agreement version {number} published"),),
    _K.AGREEMENT_ACCEPTED: (_("agreement version {number} accepted"),),
    _K.VIRTUAL_ACCOUNT_CREATED: (_("virtual account {name} created"),),
    _K.VIRTUAL_ACCOUNT_RENAMED: (_("virtual account {name} renamed to {other}"),),
    _K.VIRTUAL_ACCOUNT_DESCRIBED: (_("description of virtual account {name} changed"),),
    _K.VIRTUAL_ACCOUNT_TAGGED: (
        _("tags of virtual account {name} changed"),
        _("tag {tag} of virtual account {name} renamed to {other}"),
    ),
    _K.VIRTUAL_ACCOUNT_DELETED: (_("virtual account {name} deleted"),),
    _K.DEFAULT_MOVED: (_("{name} is the default virtual account"),),
    _K.CATALOGUE_IMPORTED: (
        _("catalogue imported: {entitlements}, {products}"),
        _("the catalogue has {tag} by its tag alone: a grant names it that central forgot; import the catalogue again"),
    ),
    _K.PRODUCT_INCLUDES: (_("each {name} comes with nothing"), _("each {name} comes with {units}")),
    _K.RESTRICTION_CHANGED: (
        _("the licence {tag} is restricted"),
        _("the licence {tag} is not restricted any more"),
    ),
    _K.LICENCES_ADDED: (_("{units} added"),),
    _K.LICENCES_TRANSFERRED: (_("{units} transferred from {place} to {target}"),),
    _K.TRANSFER_REVERSED: (_("{units} transferred back from {place} to {target}"),),
    _K.UPGRADE_ADDED: (_("{upgrades} to {name} added, not usable until the licences to replace are named"),),
    _K.UPGRADE_COMPLETED: (_("upgrade completed: {units} replaced {more_units}"),),
    _K.LICENCES_CONVERTED: (_("{note}: {units} added to {place}"),),
    _K.CONVERSION_SETTINGS_CHANGED: (
        _("automatic conversion of {what} is on"),
        _("automatic conversion of {what} is off"),
    ),
    _K.CONVERSION_FAILED: (_("{name} failed: {note}"),),
    _K.CLASSIC_LISTED: (
        _("a list of 1 PAK was imported"),
        _("a list of {number} PAKs was imported"),
        _("a list of classic licences of 1 device was imported"),
        _("a list of classic licences of {number} devices was imported"),
    ),
    _K.CLASSIC_SKUS_IMPORTED: (
        _("1 SKU of classic licences was imported"),
        _("{number} SKUs of classic licences were imported"),
    ),
    _K.CONTRACTS_IMPORTED: (
        _("1 line of service contracts was imported"),
        _("{number} lines of service contracts were imported"),
    ),
    _K.SUBSCRIPTION_ASSIGNED: (
        _("subscription {subscription} of {name} moved from {place} to {target}"),
        _("subscription {subscription} of {name} copied to {target}"),
        _("subscription {subscription} of {name} taken out of {place}"),
    ),
    _K.ORDER_CANCELLED: (
        _("order {order} was cancelled: {units} taken out of {place}"),
        _("line {line} of order {order} was cancelled: {units} taken out of {place}"),
    ),
    _K.LICENCES_EXPIRED: (_("{units} expired and were removed"),),
    _K.LICENCES_RESERVED: (_("licences reserved for {name}: {units}"),),
    _K.LICENCES_REMOVED: (_("{units} removed from {place}"),),
    _K.LICENCES_TAGGED: (
        _("tag {names} set on {licences} and {lots} of {place}"),
        _("tags {names} set on {licences} and {lots} of {place}"),
    ),
    _K.LICENCES_UNTAGGED: (
        _("tag {names} removed from {licences} and {lots} of {place}"),
        _("tags {names} removed from {licences} and {lots} of {place}"),
    ),
    _K.LICENCE_TAG_RENAMED: (_("tag {tag} of licences of {place} renamed to {other}"),),
    _K.LICENCE_TAG_DELETED: (_("tag {tag} of licences of {place} deleted"),),
    _K.RESERVATION_ENDED: (
        _("{name} registered over the network and gave its reserved licences up; they had been released"),
        _("{name} registered over the network and gave its reserved licences up; nothing"),
        _("{name} registered over the network and gave its reserved licences up; {units}"),
        _("reserved licences of {name} returned by code ({reason}); they had been released"),
        _("reserved licences of {name} returned by code ({reason}); nothing"),
        _("reserved licences of {name} returned by code ({reason}); {units}"),
    ),
    _K.RESERVATION_RELEASED: (
        _("reserved licences of {name} released without a return code: {note}; {units}"),
        _("reserved licences of {name} released without a return code: {note}; nothing"),
    ),
    _K.RESERVATION_KEPT: (_("{name} registered with another key; what is reserved for it stays in use"),),
    _K.RESERVATION_RAISED: (_("the reservation for {name} was raised by {units}"),),
    _K.RESERVATION_LOWERED: (_("the reservation for {name} was lowered by {units}"),),
    _K.RESERVATION_CANCELLED: (
        _("the update {number} of the reservation for {name} was cancelled, which stays {units}"),
    ),
    _K.RESERVATION_CONFIRMED: (
        _("{name} confirmed authorization {number} (checked): {units}"),
        _("{name} confirmed authorization {number} (of another maker's device, its form checked): {units}"),
    ),
    _K.RESERVATION_SHIPPED: (_("{name} was shipped with reserved licences"),),
    _K.RESERVATION_REHOSTED: (
        _("reservation of {name} rehosted to {other}: {units}; {note}, until the failed device is returned"),
        _("reservation of {name} rehosted to {other}: {units}"),
    ),
    _K.RESERVATION_ALERT_RESET: (_("the alert about the failed device {name} was reset"),),
    _K.SATELLITE_REQUESTED: (_("authorization of satellite {name} requested"),),
    _K.SATELLITE_APPROVED: (_("satellite {name} approved"),),
    _K.SATELLITE_CREATED: (_("satellite {name} authorized, epoch {number}"),),
    _K.SATELLITE_RENAMED: (_("satellite {name} renamed to {other}"),),
    _K.SATELLITE_REMOVED: (
        _("satellite {name} did not synchronize in time and was removed"),
        _("satellite {name} removed"),
    ),
    _K.SATELLITE_EXTENDED: (_("virtual account {place} added to satellite {name}"),),
    _K.SATELLITE_SYNCHRONIZED: (_("satellite {name} synchronized by file ({rows})"),),
    _K.SATELLITE_SYNCHRONIZED_NETWORK: (_("satellite {name} synchronized by network ({rows})"),),
    _K.SATELLITE_RESYNCHRONIZED: (_("epoch {number} opened for satellite {name}"),),
    _K.CENTRAL_RESTORED: (_("central was restored from an older copy: epoch {number} opened for satellite {name}"),),
    _K.SATELLITE_KEY_RENEWED: (_("satellite {name} changed over to its next key"),),
    _K.SATELLITE_FORKED: (_("two machines speak as satellite {name}; its file was quarantined"),),
    _K.SATELLITE_SYNC_FAILED: (_("a file of satellite {name} was refused: {code}"),),
    _K.INSTANCE_ADDED: (
        _("product instance {name} added to {place} by a request code"),
        _ADDED,
        _("product instance {name} registered"),
    ),
    _K.INSTANCE_ADDED_VIA_SATELLITE: (
        _("product instance {name} added to {place} via satellite {satellite} with standbys {names}"),
        _("product instance {name} added to {place} via satellite {satellite}"),
    ),
    _K.INSTANCE_TRANSFERRED: (
        _("product instance {name} transferred from {place} to {target} via satellite {satellite}"),
        _("product instance {name} transferred from {place} to {target}"),
    ),
    _K.INSTANCE_REMOVED: (
        _("product instance {name} removed itself"),
        _("product instance {name} removed"),
    ),
    _K.INSTANCE_REMOVED_VIA_SATELLITE: (
        _("product instance {name} removed from {place} via satellite {satellite}"),
        _(
            "product instance {name} removed from {place} with satellite {satellite}; it is detached and uses {units} until {time}"
        ),
        _("{instances} removed from {place} with satellite {satellite}"),
    ),
    _K.INSTANCE_FREED: (_("{name} was silent for 90 days"),),
    _K.INSTANCE_RELEASED: (
        _("{name}: its unrestricted licences were released"),
        _("{name}: its licences were released"),
    ),
    _K.INSTANCE_REMOVED_SILENT: (_("product instance {name} removed: silent for a year"),),
    _K.REPORT_SAVED: (_("report {name} of {who} saved"),),
    _K.REPORT_CHANGED: (_("report {name} of {who} changed"),),
    _K.REPORT_SCHEDULED: (
        _("report {name} of {who} scheduled no more"),
        _("report {name} of {who} scheduled {interval}"),
    ),
    _K.REPORT_REMOVED: (_("report {name} of {who} removed"),),
    _K.ADDRESS_CHANGED: (_("mail address of {name} changed"), _("mail address of {name} removed")),
    _K.FLAG_CHANGED: (_("{name} switched on: {note}"), _("{name} switched off: {note}")),
    _K.INSTANCE_REATTACHED: (
        _("{name}, detached until {time}, was released by the vendor: {note}"),
        _("{name} in {place} was reattached"),
    ),
    _K.INSTANCE_ADDED_LICENCES: (_("{name}: {units} added to the inventory"),),
    _K.EXPORT_GRANTED: (_("{name}: {units} granted to it"),),
    _K.EXPORT_ADOPTED: (_("{name}: {units} taken back into the books: central had granted and forgotten them"),),
    _K.EXPORT_FAILED: (_("{name}: {units} not granted: {why}"),),
    _K.EXPORT_RETURNED: (_("{units}, held by {name}, free again ({reason})"),),
    _K.EXPORT_RELEASED: (
        _("{units}, held by {name}, free again ({reason}): {note}"),
        _("{units}, held by {name}, free again ({reason})"),
    ),
    _K.EXPORT_ENDED: (_("{units}, held by {name}, free again ({reason})"),),
}
"""Those of central alone, and those that it says otherwise than a satellite."""
ROLES_AND_REASONS = (
    _("vendor administrator"),
    _("vendor support"),
    _("account administrator"),
    _("account user"),
    _("virtual account administrator"),
    _("virtual account user"),
    _("daily"),
    _("weekly"),
    _("monthly"),
    _("returned"),
    _("ended"),
    _("undelivered"),
    _("vendor release"),
    _("checked"),
    _("of another maker's device, its form checked"),
    _("The licence is not in the vendor's catalogue."),
    _("The licence is not restricted; it is used without a request."),
    _("The device is not known to central."),
    _("The account may not use export-controlled functions."),
    _("The device was registered with a token that does not allow export control."),
    _("The licence is not meant for this product."),
    _("The virtual account has too few free units of the licence."),
    _("The device took its request back."),
)
"""Words of the program that stand in sentences."""
_SITE = Sentences(SITE_SENTENCES)
_SAID = Sentences({**SITE_SENTENCES, **{str(kind): of for kind, of in SENTENCES.items()}})
_CARRIED = frozenset(
    {
        _K.SATELLITE_EVENT,
        _K.INSTANCE_REQUESTED_VIA_SATELLITE,
        _K.INSTANCE_FREED_VIA_SATELLITE,
        _K.INSTANCE_REMOVED_SILENT_VIA_SATELLITE,
    }
)


def said(item: Item) -> Words:
    """What an event says; what a satellite sent with the name of the satellite."""
    kind, message = str(item["kind"]), str(item["message"])
    if kind not in _CARRIED:
        return _SAID.find(kind, message) or message
    text, found, name = message.rpartition(" (satellite ")
    inner = _SITE.find(str(item["subject"].get("event", "")), text) if found and name.endswith(")") else None
    return _("{said} (satellite {name})", said=inner, name=name[:-1]) if inner is not None else message
