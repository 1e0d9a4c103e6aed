"""The parts of the kit in a browser: for every user, at every width, with script and without."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import Watched, faults_of

pytestmark = pytest.mark.system
Visit = Callable[..., Watched]
REMOVE = f"/things/{7:032x}/remove"
PAGES = ("/parts", "/things", "/things?q=nothing-is-so", "/things/new", "/steps/time", "/me/look", "/help", "/help/keys",
         "/help/errors", "/search?q=x", "/nowhere", "/step-up?next=/things")  # fmt: skip


@pytest.mark.row("S3.1")
@pytest.mark.parametrize(
    "look",
    [
        {"color_scheme": "light"},
        {"color_scheme": "dark"},
        {"color_scheme": "dark", "width": 390},
        {"color_scheme": "light", "width": 320},
        {"color_scheme": "light", "contrast": "more"},
        {"color_scheme": "light", "forced_colors": "active"},
    ],
    ids=["light", "dark", "phone", "narrow", "contrast", "forced"],
)
def test_every_part_is_accessible(visit: Visit, look: dict[str, Any]) -> None:
    """Axe finds nothing on any page in any theme, and no page scrolls sideways."""
    window = visit(**look)
    faults = {}
    for path in PAGES:
        page = window.open(path)
        page.wait_for_load_state("load")
        if found := faults_of(page):
            faults[path] = found
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
    page = window.open("/things/new")
    page.get_by_label("Days").fill("many")
    page.get_by_role("button", name="Make thing").click()
    page.wait_for_selector(".verdict")
    if found := faults_of(page):
        faults["a refused form"] = found

    assert faults == {}


@pytest.mark.row("S3.1")
def test_a_table_is_walked_filtered_and_ordered_without_script(visit: Visit) -> None:
    """Links and forms do all of it: order, pages forth and back, a filter and its chip, columns, a file."""
    page = visit(java_script_enabled=False).open("/things")
    page.get_by_role("link", name="Balance").click()
    assert page.locator("th[aria-sort]").inner_text().startswith("Balance")
    first = page.locator("tbody tr").first.get_attribute("data-row")
    page.get_by_role("link", name="Next").click()
    assert page.locator("tbody tr").first.get_attribute("data-row") != first
    page.get_by_role("link", name="Previous").click()
    assert page.locator("tbody tr").first.get_attribute("data-row") == first
    page.get_by_label("State", exact=True).select_option("short")
    page.get_by_role("button", name="Apply").click()
    assert "13 of 212 match" in page.locator(".counted").inner_text()
    page.get_by_role("link", name="Take out State: 60 missing").click()
    assert page.get_by_text("212 rows", exact=True).is_visible()
    page.get_by_text("Columns", exact=True).first.click()
    page.get_by_label("Column Id", exact=True).check()
    page.get_by_role("button", name="Show", exact=True).click()
    assert page.get_by_role("columnheader", name="Id", exact=True).is_visible()
    page.get_by_text("Export", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert download.value.suggested_filename == "things-2027-03-01.csv"


@pytest.mark.row("S3.1")
def test_many_rows_are_changed_after_a_preview_without_script(visit: Visit) -> None:
    """All that match: the preview names who is refused and why, the result says what became of each."""
    page = visit(java_script_enabled=False).open("/things?place=Edge")
    page.get_by_label("all 70 that match").check()
    page.get_by_role("button", name="Move").click()
    assert "Nothing is changed until you say so" in page.locator("main").inner_text()
    assert "It is reserved." in page.locator("[data-table=things-preview]").inner_text()
    page.get_by_label("Place").select_option("Edge")
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Move: ").click()
    assert page.locator("main").get_attribute("data-page") == "things-move"
    assert page.locator("[data-table=things-result] tbody tr").count() == 70


@pytest.mark.row("S3.1")
def test_a_refused_form_keeps_what_was_typed(visit: Visit) -> None:
    """The verdict stands first and has the focus; each reason leads to its field; the title says it."""
    page = visit().open("/things/new")
    page.get_by_label("Note").fill("kept")
    page.get_by_role("button", name="Make thing").click()
    page.wait_for_selector(".verdict")

    assert page.title().startswith("New thing - not done")
    assert page.evaluate("document.activeElement.id") == "verdict"
    page.locator(".verdict a", has_text="Name").click()
    assert page.evaluate("document.activeElement.id || location.hash") in {"field-name", "#field-name"}
    assert page.get_by_label("Note").input_value() == "kept"
    assert page.get_by_label("Name", exact=True).get_attribute("aria-invalid") == "true"


@pytest.mark.row("S3.1")
def test_rows_follow_what_is_typed_and_the_address_follows_the_rows(visit: Visit) -> None:
    """With script a filter works while it is typed; Back shows a whole page again."""
    page = visit().open("/things")
    page.get_by_label("Name or serial number").first.type("SW-03")
    page.locator("tbody tr").nth(10).wait_for(state="detached")
    page.wait_for_url("**q=SW-03**")
    page.get_by_role("link", name="Purchased").click()
    page.wait_for_url("**sort=purchased**")
    page.go_back()
    page.wait_for_selector("[data-page=things] h1")
    assert page.locator("h1").count() == 1


@pytest.mark.row("S3.1")
def test_a_selection_is_counted_and_its_bar_appears(visit: Visit) -> None:
    """The bar is there while something is selected, at the bottom on a phone; a range is selected with shift."""
    page = visit(width=390).open("/things")
    boxes = page.locator("[name=key]")
    assert not page.get_by_role("button", name="Move").is_visible()
    boxes.nth(0).click()
    boxes.nth(4).click(modifiers=["Shift"])
    assert page.locator("[data-count]").inner_text() == "5 selected"
    assert page.get_by_role("button", name="Move").is_visible()


@pytest.mark.row("S3.1")
def test_a_dangerous_act_asks_in_a_dialog_whose_way_out_has_the_focus(visit: Visit) -> None:
    """The dialog is the page of the act; Escape leaves it, the act is carried out and said."""
    window = visit()
    page = window.open(REMOVE)
    page.get_by_label("Password", exact=True).fill("correct horse battery")
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url(f"**{REMOVE}")
    page = window.open("/things?q=SW-01")
    row = page.locator("tbody tr").first
    name = row.locator("th").inner_text().splitlines()[0]
    row.get_by_role("link", name=f"Remove: {name}").click()
    dialog = page.get_by_role("dialog")
    dialog.wait_for()
    assert page.evaluate("document.activeElement.textContent") == "Keep it"
    assert faults_of(page) == []
    page.keyboard.press("Escape")
    assert not dialog.is_visible()
    row.get_by_role("link", name=f"Remove: {name}").click()
    dialog.get_by_role("button", name="Remove thing").click()
    page.wait_for_url("**/things")
    assert "Thing removed." in page.locator("#toasts").inner_text()


@pytest.mark.row("S3.1")
def test_everything_is_reached_by_keys(visit: Visit) -> None:
    """/ searches, g and a letter goes, j and x select, f filters, Ctrl K finds a page; nothing happens in a field."""
    page = visit().open("/parts")
    page.keyboard.press("g")
    page.keyboard.press("t")
    page.wait_for_url("**/things")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    assert page.locator("tr.here [name=key]").is_checked()
    page.keyboard.press("f")
    page.keyboard.type("g x")
    assert page.get_by_label("Name or serial number").first.input_value() == "g x"
    page.keyboard.press("Control+k")
    page.keyboard.type("steps")
    page.locator("#palette a").click()
    page.wait_for_url("**/steps/time")
    page.keyboard.press("/")
    page.keyboard.type("FDO1")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=FDO1")


@pytest.mark.row("S3.1")
def test_a_file_is_refused_before_it_is_sent_and_its_way_is_shown(visit: Visit) -> None:
    """Larger than the cap: said at once. Otherwise it is sent and the page says what became of it."""
    page = visit().open("/parts")
    page.get_by_label("Response file").set_input_files({"name": "a.pgx", "mimeType": "", "buffer": b"x" * 1_100_000})
    page.get_by_role("button", name="Check").click()
    assert "larger than what is taken here" in page.locator(".upload-said").inner_text()
    page.get_by_label("Response file").set_input_files({"name": "a.pgx", "mimeType": "", "buffer": b"x" * 200_000})
    page.get_by_role("button", name="Check").click()
    page.locator("#toasts", has_text="Took 200000 bytes.").wait_for()


@pytest.mark.row("S3.1")
def test_help_stands_beside_the_page(visit: Visit) -> None:
    """The drawer shows the page of the help that belongs to it; without script it is a page."""
    page = visit().open("/things")
    page.get_by_role("link", name="Help").click()
    drawer = page.locator("#drawer")
    drawer.locator("h2").first.wait_for()
    assert faults_of(page) == []
    drawer.get_by_role("button", name="Close").click()
    assert page.url.endswith("/things")


@pytest.mark.row("S3.1")
def test_words_are_translated_and_longer_ones_fit(visit: Visit) -> None:
    """German, and a pseudo-locale in which a text that is not translatable would be seen."""
    window = visit(width=390)
    for language, html in (("de", "de"), ("x-pseudo", "en-GB")):
        page = window.open("/me/look")
        page.evaluate(
            "async (language) => { const form = document.querySelector('form.form'); const data = new FormData(form);"
            " data.set('language', language); await fetch(form.action, {method: 'POST', body: new URLSearchParams(data)}); }",
            language,
        )
        for path in ("/parts", "/things", "/things/new", "/me/look"):
            page = window.open(path)
            assert page.locator("html").get_attribute("lang") == html
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (language, path)
        shown = page.locator("h1, form.form label, form.form legend").all_inner_texts()
        assert ("Farben" in shown) if language == "de" else all(text.startswith("[") for text in shown), shown
