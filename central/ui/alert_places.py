"""Where the condition of an alert is changed: the page that each kind leads to (row C10.4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from serverkit.web.alert_pages import Place
from serverkit.web.page import Page
from serverkit.web.tables import Item
from serverkit.web.texts import Words, _

OF_SATELLITE: dict[str, tuple[Words, str]] = {
    "satellite_authorization_pending": (_("See the request"), "authorization"),
    "satellite_authorization_ready": (_("Download authorization file"), "authorization"),
    "satellite_forked": (_("Resynchronize"), "resync"),
}
"""What to do about an alert of a satellite, where it is not to find out what stops it."""
OF_RESERVATION: dict[str, tuple[Words, str]] = {
    "reserved_licence_expired": (_("Choose another term"), "/update"),
    "reservation_pending": (_("Enter the confirmation code"), "/confirm"),
    "reservation_former_key": (_("Enter the return code"), "/return"),
    "reservation_released": (_("Enter the return code"), "/return"),
    "pending_removal": (_("Open the failed device"), ""),
}
"""What is done about an alert of a reservation, and where."""
OPEN_RESERVATION = (_("Open the reservation"), "")
TROUBLESHOOT = (_("What to do"), "troubleshoot")
APPROVE = (_("Approve"), "approve")


OF_LICENCES: dict[str, tuple[Words, str]] = {
    "insufficient_licences": (_("Transfer licences"), "transfer"),
    "upgrade_pending": (_("Complete upgrade"), "upgrade"),
    "duplicate_licences": (_("Change assignment"), "assign"),
}


def place_of(page: Page, item: Item) -> Place | None:
    """The page to go to: the closest to the condition that the person may open, else the closest of all."""
    found = list(_places(item))
    return next((one for one in found if page.may_open(one[1])), found[0] if found else None)


def _of_machine(kind: str, subject: Mapping[str, Any]) -> Iterator[Place]:
    if mail := subject.get("mail"):
        yield _("Open the mail"), f"/mail/{quote(str(mail), safe='')}"
    if kind.startswith("backup_"):
        is_copy = kind == "backup_not_copied"
        yield (_("Open the target"), "/backups/target") if is_copy else (_("Make a backup"), "/backups")
    if webhook := subject.get("webhook"):
        yield _("Open the webhook"), f"/webhooks/{quote(str(webhook), safe='')}"


def _places(item: Item) -> Iterator[Place]:
    root, kind, subject = f"/a/{item['domain']}", str(item["kind"]), item["subject"]
    if kind.startswith("agreement"):
        yield _("Read the agreement"), f"{root}/agreement"
    if conversion := subject.get("conversion"):
        things = {"pak": "paks", "device": "devices"}[str(conversion)]
        yield _("Try again"), f"{root}/convert/{things}/now"
        yield _("Open the list"), f"{root}/convert/{things}?status=failed"
    if request := subject.get("device_conversion"):
        yield _("See what was converted"), f"{root}/convert/requests/{quote(str(request), safe='')}"
    if kind == "satellite_removed":
        yield _("Register it again"), f"{root}/satellites/new/file"
        yield _("Open the satellites"), f"{root}/satellites"
    elif satellite := subject.get("satellite"):
        one = f"{root}/satellites/{satellite}"
        if kind == "satellite_authorization_pending":
            yield APPROVE[0], f"{one}/{APPROVE[1]}"
        words, verb = OF_SATELLITE.get(kind, TROUBLESHOOT)
        yield words, f"{one}/{verb}"
        yield _("Open the satellite"), one
    yield from _of_machine(kind, subject)
    if item["pool"] is not None:
        yield from _in_pool(f"{root}/va/{item['pool']['number']}", item)


def _in_pool(root: str, item: Item) -> Iterator[Place]:
    subject = item["subject"]
    if item["kind"] in OF_LICENCES:
        words, verb = OF_LICENCES[item["kind"]]
        if verb == "transfer" and (giver := item.get("giver")):
            # The wizard opens filled: from where there is a surplus, as much as is missing.
            tag = subject.get("tag", "")
            filled = {"direction": "from", "other": giver["number"], "tag": tag, "key": tag, "quantity": giver["count"]}
            transfer = _("Transfer {count} from {name}", count=giver["count"], name=giver["name"])
            yield transfer, f"{root}/licence-transfer?{urlencode(filled)}"
        asked = {"tag": subject.get("tag", ""), **({"direction": "from"} if verb == "transfer" else {})}
        yield words, f"{root}/licence-{verb}?{urlencode(asked)}"
    if reservation := subject.get("reservation"):
        words, verb = OF_RESERVATION.get(str(item["kind"]), OPEN_RESERVATION)
        yield words, f"{root}/reservations/{quote(str(reservation), safe='')}{verb}"
        yield OPEN_RESERVATION[0], f"{root}/reservations/{quote(str(reservation), safe='')}"
    if instance := subject.get("instance"):
        yield _("Open the device"), f"{root}/instances/{quote(str(instance), safe='')}"
    if tag := subject.get("tag"):
        yield _("Open the licence"), f"{root}/licences/{quote(str(tag), safe='')}"
    yield _("Open {name}", name=item["pool"]["name"]), f"{root}/general"
