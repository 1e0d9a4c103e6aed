"""The vendor's own pages of central: catalogue, orders, policies, mail, jobs, keys, health."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest

from central.domain.operations.models import OutboxEntry
from central.runtime import Central
from serverkit.actor import OPERATOR
from serverkit.outbox import put
from tests.api.test_central_pages import Enter, keys_of, portal, text_of
from tests.console import Browser, hidden, press
from tests.world import ACCOUNT, World

__all__ = ["portal"]
Portal = tuple[World, Central, Enter]
HEAD = "kind,tag,name,restricted\n"
ORDER_HEAD = "virtual_account,tag,quantity,type,end,order_number,order_line\n"


def send(browser: Browser, path: str, text: str, **fields: str) -> Any:
    """Send a file by the form of a page."""
    return browser.post(path, {**fields, "file": (io.BytesIO(text.encode()), "file.csv")})


def apply(browser: Browser, checked: Any, **fields: str) -> Any:
    """Press *Import* on a page that shows a file."""
    text = checked.get_data(as_text=True)
    [action] = re.findall(r'action="(/(?:catalogue|orders)/import/apply)"', text)
    sent = {name: found[-1] for name, found in hidden(checked).items()}
    return browser.post(action, {**sent, **fields}, token=sent.pop("csrf_token"))


@pytest.mark.row("C3.4", "C8.1")
def test_a_catalogue_is_shown_line_by_line_and_then_imported_as_it_was_shown(portal: Portal) -> None:
    """Each line has its verdict; a faulty line keeps the whole file out; what was shown is what is imported."""
    world, _server, enter = portal
    admin = enter()
    before = world.central("catalogue", "list")["items"]
    known = next(one for one in before if one["kind"] == "entitlement" and not one["restricted"])
    same = f"entitlement,{known['tag']},Another name,no\n"

    faulty = send(admin, "/catalogue/import", HEAD + same + "entitlement,N-1,New,maybe\ngadget,N-2,Other,no\n")
    shown = text_of(faulty)
    assert (faulty.status_code, "2 lines are faulty" in shown) == (422, True)
    assert [one in shown for one in ("invalid_flag", "invalid_kind", "changed")] == [True] * 3
    assert "/apply" not in faulty.get_data(as_text=True)

    checked = send(admin, "/catalogue/import", HEAD + same + "entitlement,N-1,New <b>one</b>,yes\n")
    assert (checked.status_code, "New <b>one</b> (N-1)" in text_of(checked)) == (200, True)
    assert world.central("catalogue", "list")["items"] == before
    assert apply(admin, checked).headers["Location"].startswith("/catalogue")
    after = {one["tag"]: one["name"] for one in world.central("catalogue", "list")["items"]}
    assert (after["N-1"], after[known["tag"]]) == ("New <b>one</b>", "Another name")
    assert keys_of(admin, "/catalogue?q=n-1") == ["N-1"]
    assert keys_of(admin, "/catalogue?q=n-1&restricted=no") == []
    assert "New <b>one</b>" in text_of(admin.get("/catalogue/licences/N-1"))
    assert admin.get("/catalogue/licences/N-404").status_code == 404


@pytest.mark.row("C8.1")
def test_the_restriction_of_licences_in_use_changes_only_with_a_tick(portal: Portal) -> None:
    """The page names the units in use; without the tick the import is refused and the page stays."""
    world, _server, enter = portal
    admin = enter()
    tags = [one["tag"] for one in world.central("catalogue", "list")["items"] if one["kind"] == "entitlement"]
    lines = "".join(f"entitlement,{tag},{tag},yes\n" for tag in tags)
    checked = send(admin, "/catalogue/import", HEAD + lines)
    assert "restriction changes" in text_of(checked)


@pytest.mark.row("C3.3", "C3.4")
def test_orders_are_shown_line_by_line_and_then_imported_as_they_were_shown(portal: Portal) -> None:
    """Verdicts of faulty, odd and good lines; an import is refused once its lines are known, and says so on the page."""
    world, _server, enter = portal
    admin = enter()
    tag = next(one["tag"] for one in world.central("catalogue", "list")["items"] if one["kind"] == "entitlement")
    name = next(one["name"] for one in world.central("catalogue", "list")["items"] if one["tag"] == tag)
    good = f"Spare,{tag},5,,,P-77,1\nSpare,{tag},7,,,P-77,2\n"

    assert send(admin, "/orders/import", ORDER_HEAD + good, account="nobody.example").status_code == 422
    faulty = send(
        admin, "/orders/import", ORDER_HEAD + good + "Spare,NO-SUCH,1,,,,\nSpare,X,none,,,,\n", account=ACCOUNT
    )
    shown = text_of(faulty)
    assert [one in shown for one in ("unknown_entitlement", "invalid_quantity", "2 lines are faulty")] == [True] * 3
    assert keys_of(admin, "/orders?q=P-77") == []

    checked = send(admin, "/orders/import", ORDER_HEAD + good, account=ACCOUNT)
    assert [one in text_of(checked) for one in ("P-77 / 1", "P-77 / 2", "Units 12")] == [True] * 3
    assert apply(admin, checked).headers["Location"] == f"/orders?account={ACCOUNT}"
    again = apply(admin, checked)
    assert (again.status_code, "duplicate_order_line" in text_of(again)) == (422, True)

    lots = keys_of(admin, f"/orders?q=P-7&account={ACCOUNT}")
    assert len(lots) == 2
    line = text_of(admin.get(f"/orders/{lots[0]}"))
    assert ["Spare" in line, "Other lines of this order" in line, f"x {name}" in line] == [True] * 3
    assert keys_of(admin, "/orders?q=P-8") == keys_of(admin, "/orders?account=nobody.example") == []
    assert admin.get("/orders?as=csv").get_data(as_text=True).count("P-77") == 2


@pytest.mark.row("C3.4")
def test_a_file_that_is_none_says_so_on_its_page(portal: Portal) -> None:
    """No file, a workbook, a carried file that no page made: a reason each, nothing changed."""
    _world, _server, enter = portal
    admin = enter()
    assert 'data-verdict="no_file"' in admin.post("/catalogue/import", {}).get_data(as_text=True)
    book = send(admin, "/catalogue/import", "PK\x03\x04 and so on")
    assert (book.status_code, "Excel workbook" in text_of(book)) == (422, True)
    assert admin.post("/catalogue/import/apply", {"content": "AAAA"}).status_code == 422


@pytest.mark.row("C11.1", "C10.3")
def test_policies_change_together_and_nothing_is_saved_over_anothers_change(portal: Portal) -> None:
    """Days out of order are refused on their field; a form that was opened before a change asks first."""
    world, _server, enter = portal
    admin = enter()
    opened = admin.get("/policies")
    values = {key: str(value) for key, value in world.central("policy", "show").items() if key != "agreement_version"}
    wrong = press(admin, opened, **{**values, "sync_overdue_days": "20"})
    assert (wrong.status_code, "must follow one another" in text_of(wrong)) == (422, True)
    assert press(admin, opened, **{**values, "sync_reminder_days": "70", "sync_overdue_days": "80"}).status_code == 303
    assert world.central("policy", "show")["sync_overdue_days"] == 80
    assert press(admin, opened, **{**values, "grant_days": "90"}).status_code == 409
    assert world.central("policy", "show")["grant_days"] == int(values["grant_days"])


@pytest.mark.row("C12.2")
def test_the_outbox_says_why_a_mail_did_not_leave_and_tries_it_again(portal: Portal) -> None:
    """Causes, states, search; a mail that was given up is due at once after *Try again*, one that was sent is not."""
    world, server, enter = portal

    def write(unit: Any) -> None:
        for name, sent in (("lost", False), ("gone", True)):
            row = put(
                unit, OutboxEntry, "mail", {"to": f"{name}@x.example", "subject": f"About {name}", "text": "secret"}
            )
            row.attempts, row.last_error, row.due_at = 18, "" if sent else "mail_failed: nobody is there", None
            row.sent_at = unit.now if sent else None

    server.database.run(OPERATOR, write)
    admin = enter()
    shown = text_of(admin.get("/mail"))
    assert [one in shown for one in ("About lost", "nobody is there", "given up", "No mail is sent")] == [True] * 4
    assert "secret" not in shown
    [lost], [gone] = keys_of(admin, "/mail?state=failed"), keys_of(admin, "/mail?q=gone@x")
    assert press(admin, admin.get(f"/mail/{lost}")).headers["Location"].startswith("/mail")
    assert keys_of(admin, "/mail?state=waiting") == [lost]
    assert admin.post(f"/mail/{gone}/retry").status_code == 409
    assert world.central("mail", "retry", gone, code=1)["error"]["code"] == "mail_sent"
    wrong = admin.post("/mail/test", {"to": "no address"})
    assert (wrong.status_code, "is not a mail address" in text_of(wrong)) == (422, True)


@pytest.mark.row("C10.3")
def test_a_job_is_run_at_once_and_its_run_is_listed(portal: Portal) -> None:
    """The list says when each ran last; *Run now* runs one and leads to its runs."""
    _world, _server, enter = portal
    admin = enter()
    assert text_of(admin.get("/jobs")).count("Has not run") >= 6
    done = press(admin, admin.get("/jobs/terms/run"))
    assert done.headers["Location"].startswith("/jobs/runs?kind=terms")
    assert len(keys_of(admin, "/jobs/runs?kind=terms&state=done&by=person")) == 1
    assert keys_of(admin, "/jobs/runs?by=schedule") == []
    assert admin.get("/jobs/nothing/run").status_code == 404


@pytest.mark.row("E2")
def test_keys_are_shown_with_ends_and_states_and_without_secrets(portal: Portal) -> None:
    """The page names each key and its end; the root document, which is public, can be downloaded; nothing else leaves."""
    _world, server, enter = portal
    admin = enter()
    shown = admin.get("/keys").get_data(as_text=True)
    assert "PRIVATE" not in shown
    assert "Grants of restricted licences" in shown
    assert admin.get("/keys/root").get_data() == server.keyring.trust.document + b"\n"
    assert enter("helper", "vendor_support").get("/keys").status_code == 403


@pytest.mark.row("B8")
def test_health_names_what_is_wrong_and_what_to_do(portal: Portal) -> None:
    """Without a scheduler the page says so, with its remedy; what was not looked at is no fault."""
    _world, _server, enter = portal
    shown = text_of(enter().get("/health"))
    assert [one in shown for one in ("no job has run yet", "Start central serve", "no mail server is set")] == [
        True
    ] * 3


@pytest.mark.row("C12.5")
def test_forms_of_accounts_lead_to_their_help(portal: Portal) -> None:
    """Help of a page is about the page, not the list of all chapters."""
    _world, _server, enter = portal
    admin = enter()
    forms = {
        "/accounts/new": "accounts",
        f"/a/{ACCOUNT}/properties": "accounts",
        f"/a/{ACCOUNT}/va/new": "virtual-accounts",
    }
    for path, part in forms.items():
        assert f'href="/help/central-portal#{part}" data-help' in admin.get(path).get_data(as_text=True), path
