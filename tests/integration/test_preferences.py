"""What people are mailed about: at once and in a daily summary, each their own choice, and the flags of an account."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest

from central.actions import notices
from central.domain.notices.rules import Mail
from serverkit.clock import iso
from serverkit.db.unit import Unit
from tests.mailbox import Box
from tests.world import ACCOUNT, World

pytestmark = pytest.mark.usefixtures("mail_server")


def person(world: World, name: str, role: str, *kinds: str, pool: str | None = None, more: tuple[str, ...] = ()) -> str:
    """A user of the account who wants mail about these kinds."""
    part = ("--virtual-account", pool) if pool else ()
    world.central("user", "add", name, "--role", role, "--account", ACCOUNT, *part)
    events = [word for kind in kinds for word in ("--event", kind)]
    to = f"{name}@site.example"
    world.central("preferences", "set", ACCOUNT, name, "--address", to, *events, *more)
    return to


def text_of(mail: EmailMessage) -> str:
    """What a mail says."""
    return bytes(mail.get_payload(decode=True)).decode().replace("\r\n", "\n")


def run(world: World, box: Box) -> list[tuple[str, str, str]]:
    """What the next minute brings: recipient, subject and text."""
    before = len(box.mails)
    world.central("jobs", "run", "notices")
    world.central("jobs", "run", "outbox")
    return sorted((str(one["To"]), " ".join(str(one["Subject"]).split()), text_of(one)) for one in box.mails[before:])


@pytest.mark.both_databases
@pytest.mark.row("C12.2")
def test_each_is_mailed_what_they_chose_and_may_see_once(vendor: World, box: Box) -> None:
    """New licences of a virtual account are told those who see it and chose it, once; what was before is no news."""
    ann = person(vendor, "ann", "account_administrator", "new_licences", "insufficient")
    bob = person(vendor, "bob", "virtual_account_administrator", "new_licences", pool="Site")
    person(vendor, "eve", "account_administrator", "insufficient")
    before = run(vendor, box)
    orders = "virtual_account,tag,quantity,order_number,order_line\n{},ESSENTIALS,1,{},1\n"
    vendor.central("order", "import", ACCOUNT, vendor.file("o2.csv", orders.format("Spare", "O-2")))
    spare = run(vendor, box)
    vendor.central("order", "import", ACCOUNT, vendor.file("o3.csv", orders.format("Site", "O-3")))
    site = run(vendor, box)

    assert before == []
    assert [to for to, _, _ in spare] == [ann]
    assert "Essentials" in spare[0][1]
    assert [to for to, _, _ in site] == [ann, bob]
    assert run(vendor, box) == []


@pytest.mark.row("C12.2")
def test_each_step_of_an_ending_term_is_one_mail(vendor: World) -> None:
    """At each of the steps from 90 days to one day, and at the end, one mail is written, and none between them."""
    end = datetime(2027, 6, 1, 12, tzinfo=UTC)
    vendor.central("clock", "set", iso(end - timedelta(days=100)))
    person(vendor, "ann", "account_administrator", "expiring", "expired")
    text = f"virtual_account,tag,quantity,type,start,end\nSite,ESSENTIALS,1,term,2027-01-01,{iso(end)}\n"
    vendor.central("order", "import", ACCOUNT, vendor.file("o2.csv", text))
    told = []
    for left in (91, 89, 88, 59, 29, 13, 6, 2.5, 1.5, 0.5, -0.5):
        vendor.central("clock", "set", iso(end - timedelta(days=left)))
        told.append(vendor.central("jobs", "run", "notices")["detail"].partition(" ")[0])

    assert told == ["0", "1", "0", *["1"] * 8]


@pytest.mark.row("C12.2")
def test_the_summary_goes_once_a_day_after_midnight_in_its_zone(vendor: World, box: Box) -> None:
    """Nothing before 00:01 of the chosen zone, then all open alerts and what happened, then nothing until the next day."""
    vendor.central("clock", "set", "2027-03-01T09:00:00Z")
    words = ("--not-at-once", "--summary", "--zone", "Asia/Tokyo")
    ann = person(vendor, "ann", "account_administrator", "insufficient", "new_licences", more=words)
    device = vendor.device("SN1", "central")
    device.use("ADVANTAGE", 5)
    text = "virtual_account,tag,quantity,order_number,order_line\nSite,ESSENTIALS,1,O-2,1\n"
    vendor.central("order", "import", ACCOUNT, vendor.file("o2.csv", text))
    told = []
    for moment in ("2027-03-01T14:59:00Z", "2027-03-01T15:00:30Z", "2027-03-01T15:01:00Z", "2027-03-02T14:59:00Z"):
        vendor.central("clock", "set", moment)
        told.append(run(vendor, box))
    shown = vendor.central("preferences", "show", ACCOUNT, "ann")

    assert [len(one) for one in told] == [0, 0, 1, 0]
    to, subject, body = told[2][0]
    assert (to, subject) == (ann, "Customer: daily summary")
    assert "Open alerts: 1\n" in body
    assert "Since the last summary: 1\n2027-03-01 18:00" in body
    assert "Asia/Tokyo" in body
    assert shown["zone"] == shown["own_zone"] == "Asia/Tokyo"


@pytest.mark.row("C12.2", "C7.5")
def test_a_silent_device_is_one_mail_when_it_is_freed_and_one_when_it_is_removed(vendor: World, box: Box) -> None:
    """A device that a person removes is no such news."""
    person(vendor, "ann", "account_administrator", "failed_to_renew")
    vendor.device("SN1", "central")
    gone = vendor.device("SN2", "central")
    vendor.central("instance", "remove", ACCOUNT, str(gone.state.instance))
    told = []
    for days in (1, 90, 30, 250):
        vendor.central("clock", "advance", f"{days}d")
        vendor.central("jobs", "run", "deadlines")
        told.append([subject for _, subject, _ in run(vendor, box)])

    assert [len(one) for one in told] == [0, 1, 0, 1]
    assert "silent for 90 days" in told[1][0]
    assert "removed: silent for a year" in told[3][0]


@pytest.mark.row("C12.2", "C7.5")
def test_a_silent_device_of_a_satellite_is_mailed_when_its_satellite_reports_it(site: World, box: Box) -> None:
    """Those who see its virtual account get one mail when it is freed and one when it is removed; others get none."""
    ann = person(site, "ann", "account_administrator", "failed_to_renew")
    bob = person(site, "bob", "virtual_account_administrator", "failed_to_renew", pool="Site")
    person(site, "eve", "virtual_account_administrator", "failed_to_renew", pool="Spare")
    site.device("SN1")
    told = []
    for days in (91, 275):
        for side in (site.central, site.satellite):
            side("clock", "advance", f"{days}d")
        site.satellite("jobs", "run", "devices")
        if days == 275:  # the vendor's yearly duty
            root = site.file("root-keys")
            words = ("--root-keys", root, "--passphrase-file", f"{root}/passphrase")
            site.central("role-key", "replace", "response", *words)
        site.synchronize(f"after-{days}")
        told.append([(to, subject) for to, subject, _ in run(site, box)])
    kinds = [one["kind"] for one in site.central("events", ACCOUNT)["items"]]

    assert [[to for to, _ in one] for one in told] == [[ann, bob]] * 2
    assert "was silent for 90 days" in told[0][0][1]
    assert "removed after a year of silence (satellite North)" in told[1][0][1]
    assert kinds.count("instance:removed_after_silence_via_satellite") == 1


@pytest.mark.row("C12.2")
def test_a_bad_address_stops_no_other_mail_and_raises_an_alert(vendor: World, box: Box) -> None:
    """The others get theirs; after three attempts the vendor is told who did not, until another attempt is asked for."""
    ann = person(vendor, "ann", "account_administrator", "new_licences")
    person(vendor, "bob", "account_administrator", "new_licences")
    vendor.central("preferences", "set", ACCOUNT, "bob", "--address", "bob@refused.example", "--event", "new_licences")
    text = "virtual_account,tag,quantity,order_number,order_line\nSite,ESSENTIALS,1,O-2,1\n"
    vendor.central("order", "import", ACCOUNT, vendor.file("o2.csv", text))
    first = run(vendor, box)
    early = vendor.alerts("central")
    for _ in range(2):
        vendor.central("clock", "advance", "1h")
        run(vendor, box)
    raised, said = vendor.alerts("central"), [one["message"] for one in vendor.central("alerts", ACCOUNT)["items"]]
    failed = next(one for one in vendor.central("mail", "list")["items"] if one["state"] != "sent")
    vendor.central("mail", "retry", failed["id"])

    assert [to for to, _, _ in first] == [ann]
    assert early == set()
    assert raised == {"mail_undelivered"}
    assert "bob@refused.example" in said[0]
    assert vendor.alerts("central") == set()


@pytest.mark.row("C12.2")
def test_a_mail_that_could_not_be_written_is_written_later_and_keeps_no_one_elses(
    vendor: World, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever goes wrong with one user's mail: the others get theirs once, and that user gets the same alerts later."""
    ann = person(vendor, "ann", "account_administrator", "insufficient")
    bob = person(vendor, "bob", "account_administrator", "insufficient")
    vendor.device("SN1", "central").use("ADVANTAGE", 5)
    true = notices.notify

    def fails(unit: Unit, to: str | None, mail: Mail) -> None:
        if to == bob:
            raise ValueError("a fault of the program")
        true(unit, to, mail)

    monkeypatch.setattr(notices, "notify", fails)
    first = [run(vendor, box), run(vendor, box)]
    monkeypatch.setattr(notices, "notify", true)
    then = [run(vendor, box), run(vendor, box)]

    assert [[to for to, _, _ in one] for one in (*first, *then)] == [[ann], [], [bob], []]
    assert first[0][0][1:] == then[0][0][1:]


@pytest.mark.row("C12.2")
def test_a_change_of_an_address_is_an_event_without_the_address(vendor: World) -> None:
    """Set, set to the same, removed: two events, which say whose address and not which."""
    to = person(vendor, "ann", "account_administrator")
    vendor.central("preferences", "set", ACCOUNT, "ann", "--address", to)
    vendor.central("preferences", "set", ACCOUNT, "ann")
    found = [one for one in vendor.central("events")["items"] if one["kind"] == "user:address_changed"]

    assert sorted(one["message"] for one in found) == ["mail address of ann changed", "mail address of ann removed"]
    assert to not in str(found)


@pytest.mark.row("C12.2")
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--address", "nobody", "--event", "expired"), "invalid_input"),
        (("--event", "expired"), "address_missing"),
        (("--address", "a@b.example", "--event", "weather"), "unknown_notice"),
        (("--address", "a@b.example", "--event", "expired", "--zone", "Mars/Base"), "unknown_notice_zone"),
    ],
)
def test_what_cannot_be_mailed_is_refused_and_changes_nothing(vendor: World, words: tuple[str, ...], code: str) -> None:
    """No address, a bad one, an unknown kind or zone: the refusal says which, and the choice stays as it was."""
    person(vendor, "ann", "account_administrator", "expired")
    before = vendor.central("preferences", "show", ACCOUNT, "ann")
    refused = vendor.central("preferences", "set", ACCOUNT, "ann", *words, code=1)["error"]

    assert refused["code"] == code
    assert vendor.central("preferences", "show", ACCOUNT, "ann") == before


@pytest.mark.row("C12.3")
def test_a_flag_is_changed_with_a_reason_logged_and_mailed(vendor: World, box: Box) -> None:
    """Both are on; a change without a reason is refused, one with it is in the log, and administrators get a mail."""
    ann = person(vendor, "ann", "account_administrator")
    person(vendor, "bob", "virtual_account_administrator", pool="Site")
    before = vendor.central("flag", "show", ACCOUNT)
    refused = vendor.central("flag", "set", ACCOUNT, "add_to_inventory", "off", "--note", " ", code=1)["error"]
    unknown = vendor.central("flag", "set", ACCOUNT, "weather", "off", "--note", "x", code=1)["error"]
    after = vendor.central("flag", "set", ACCOUNT, "add_to_inventory", "off", "--note", "Stock is counted by hand.")
    vendor.central("flag", "set", ACCOUNT, "add_to_inventory", "off", "--note", "Once more.")
    mails = run(vendor, box)
    logged = [one["message"] for one in vendor.central("events", ACCOUNT)["items"] if one["kind"] == "flag:changed"]

    assert before == {"add_to_inventory": True, "transaction_details": True}
    assert (refused["code"], unknown["code"]) == ("flag_note_missing", "unknown_flag")
    assert after == {"add_to_inventory": False, "transaction_details": True}
    assert logged == ["add_to_inventory switched off: Stock is counted by hand."]
    assert [to for to, _, _ in mails] == [ann]
    assert "Reason: Stock is counted by hand." in mails[0][2]


@pytest.mark.row("C12.2")
def test_an_address_that_other_accounts_need_is_not_removed(vendor: World) -> None:
    """One account does not end the mail of another unseen; without a role there, nothing needs the address any more."""
    vendor.central("account", "create", "other.example", "--name", "Other")
    to = person(vendor, "ann", "account_user", "expired")
    role = ("ann", "--role", "account_user", "--account", "other.example")
    vendor.central("user", "add", *role)
    vendor.central("preferences", "set", "other.example", "ann", "--address", to, "--event", "expired")
    refused = vendor.central("preferences", "set", ACCOUNT, "ann", "--address", "", code=1)["error"]
    kept = vendor.central("preferences", "show", "other.example", "ann")["address"]
    vendor.central("user", "remove-role", *role)
    freed = vendor.central("preferences", "set", ACCOUNT, "ann", "--address", "")

    assert (refused["code"], "Other" in refused["message"], kept) == ("address_missing", True, to)
    assert freed["address"] == ""
