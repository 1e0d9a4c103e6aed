"""The parts of the kit in a browser: for every user, at every width, with script and without."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.conftest import SHAPES, Watched, faults_of, moved_sideways
from tests.console import MemoryWorks
from tests.exhibit import ExhibitConsole

pytestmark = pytest.mark.system
Visit = Callable[..., Watched]
REMOVE, DESTROY = f"/things/{7:032x}/remove", f"/things/{7:032x}/destroy"
WIDTHS = (1920, 1100, 720, 390, 320)
PAGES = ("/parts", "/things", "/things?q=nothing-is-so", "/things/new", "/steps/time", "/me/look", "/help", "/help/keys",
         "/help/errors", "/search?q=x", "/nowhere", "/step-up?next=/things",
         "/views/things/new?path=/things&query=place%3DEdge", f"/things/{7:032x}/change")  # fmt: skip


@pytest.mark.row("S3.1")
def test_every_part_is_for_every_eye(visit: Visit) -> None:
    """Axe finds nothing on any page; colours are enough in each theme and contrast; no page scrolls sideways at any width.

    Another theme, another contrast and a narrow window are judged for each shape of an element once.
    """
    window = visit()
    faults: dict[str, list[str]] = {}
    page = window.page

    known: list[str] = []

    def look(name: str) -> None:
        nonlocal known
        found, before, known = faults_of(page), len(known), page.evaluate(SHAPES, known)
        new = len(known) > before
        for media in ({"color_scheme": "dark"}, {"color_scheme": "light", "contrast": "more"}) if new else ():
            page.emulate_media(**media)  # type: ignore[arg-type]  # words that it knows
            found += [f"{media}: {one}" for one in faults_of(page, "color-contrast", of="unseen")]
        page.emulate_media(color_scheme="light", contrast="no-preference")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            found += [f"at {width}: {one}" for one in moved_sideways(page)]
            if width == 390 and new:
                rules = "target-size", "label", "color-contrast"
                found += [f"at {width}: {one}" for one in faults_of(page, *rules, of="unseen")]
        if found:
            faults[name] = found

    for path in PAGES:
        window.open(path)
        look(path)
    window.open("/things/new")
    page.get_by_label("Days").fill("many")
    page.get_by_role("button", name="Make thing").click()
    page.wait_for_selector(".verdict")
    look("a refused form")

    assert faults == {}


@pytest.mark.row("S3.1")
def test_forced_colours_keep_edges_and_signs(visit: Visit) -> None:
    """Where the system chooses the colours, what is pressed has an edge, and severities differ by shape and word."""
    page = visit(forced_colors="active").open("/things?place=Campus")
    edges = page.locator("main .btn:visible, .chip").evaluate_all(
        "all => all.map(one => getComputedStyle(one).borderTopWidth)"
    )
    assert set(edges) == {"2px"}
    assert page.locator(".chip.minor .sign-minor").is_visible()
    assert page.locator("td .state.major .sign-major").first.is_visible()


@pytest.mark.row("S3.1")
def test_a_page_is_mirrored_and_codes_are_not(visit: Visit) -> None:
    """From right to left: the navigation stands right, the acts left, nothing moves sideways; serial numbers run as they are written."""
    window = visit(look="language=x-mirror")
    for width in (1440, 390):
        window.page.set_viewport_size({"width": width, "height": 900})
        for path in ("/parts", "/things", "/things/new"):
            page = window.open(path)
            assert page.locator("html").get_attribute("dir") == "rtl"
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (path, width)
    window.page.set_viewport_size({"width": 1440, "height": 900})
    page = window.open("/things")
    place = "one => { const r = one.getBoundingClientRect(); return (r.left + r.right) / 2 / innerWidth; }"
    assert page.locator("nav.side").evaluate(place) > 0.9
    assert page.locator("td.acts").first.evaluate(place) < 0.2
    assert page.locator("td.c-ident bdi").first.evaluate("one => getComputedStyle(one).direction") == "ltr"
    assert page.locator("td.c-figure").first.evaluate("one => getComputedStyle(one).textAlign") == "end"


@pytest.mark.row("S3.1")
def test_between_wide_and_narrow_the_navigation_is_signs_with_words_on_focus(visit: Visit) -> None:
    """Each link keeps its name for readers; its words are seen when it has the focus or the pointer."""
    page = visit(width=1100).open("/parts")
    link = page.get_by_role("link", name="Things", exact=True)
    words = link.locator("span").first
    assert page.locator("nav.side").evaluate("one => one.getBoundingClientRect().width") < 64
    assert words.evaluate("one => getComputedStyle(one).opacity") == "0"
    link.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    assert words.evaluate("one => getComputedStyle(one).opacity") == "1"


@pytest.mark.row("S3.1")
def test_print_shows_the_page_and_when_it_was_so(visit: Visit) -> None:
    """No navigation, no controls and no address of a row; a line with the moment and the address of the page."""
    page = visit().open("/things?place=Edge")
    page.emulate_media(media="print")
    for gone in ("nav.side", ".tools", ".search", "td.acts", "td.pick"):
        assert not page.locator(gone).first.is_visible(), gone
    assert "/things?place=Edge" in page.locator(".printed").inner_text()
    assert "1 Mar 2027" in page.locator(".printed").inner_text()
    link = page.locator("tbody th a").first
    assert "/parts" not in link.evaluate("one => getComputedStyle(one, '::after').content")


@pytest.mark.row("S3.1")
@pytest.mark.parametrize("width", [1440, 390])
def test_what_has_the_focus_is_never_behind_the_bar_of_the_selection(visit: Visit, width: int) -> None:
    """Down and up the list by the tab key: the focused element and the bar never share a place."""
    page = visit(width=width).open("/things?place=Edge")
    page.locator("[name=key]").first.click()
    page.wait_for_selector(".bulk-form.some")
    behind = """() => { const a = document.activeElement.getBoundingClientRect(), b = document.querySelector('.bulkbar').getBoundingClientRect();
        const inside = document.activeElement.closest('.bulkbar') !== null;
        return !inside && a.height > 0 && a.top < b.bottom - 1 && a.bottom > b.top + 1 ? document.activeElement.outerHTML.slice(0, 120) : ''; }"""
    hidden = []
    for key, times in (("Tab", 60), ("Shift+Tab", 12)):
        for _time in range(times):
            page.keyboard.press(key)
            if found := page.evaluate(behind):
                hidden.append(found)
    assert hidden == []


@pytest.mark.row("S3.1")
def test_what_nothing_brings_back_is_pressed_once_its_name_is_typed(visit: Visit) -> None:
    """With script the button is off until the name is right; the focus begins at the way out."""
    window = visit()
    page = window.open(f"/step-up?next={DESTROY}")
    page.get_by_label("Password", exact=True).fill("correct horse battery")
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url(f"**{DESTROY}")
    button, field = page.get_by_role("button", name="Destroy thing"), page.get_by_label("Name, to be typed")
    assert button.is_disabled()
    field.fill("SW-07 Advantag")
    assert button.is_disabled()
    field.fill("SW-07  Advantage ")
    assert button.is_enabled()
    assert faults_of(page) == []
    field.press("Enter")
    page.wait_for_url("**/things")
    assert "Thing removed." in page.locator("#toasts").inner_text()


@pytest.mark.row("S3.2")
def test_a_change_of_many_rows_is_watched_until_it_has_ended(visit: Visit, shown: ExhibitConsole) -> None:
    """The page of the task shows progress, then each row that was not changed with its reason."""
    shown.works = MemoryWorks()
    try:
        page = visit().open("/things?place=Edge")
        page.locator("[name=key]").first.click()
        page.get_by_label("all 70 that match").check()
        page.get_by_role("button", name="Move").click()
        page.get_by_label("Place").select_option("Edge")
        page.get_by_role("button", name="Preview").click()
        page.get_by_role("button", name="Move: ").click()
        page.get_by_text("It waits to be begun.").wait_for()
        assert faults_of(page) == []
        shown.works.run(shown)
        page.get_by_text("All rows were dealt with.").wait_for()
        assert "It is reserved." in page.locator("[data-table=bulk-refused]").inner_text()
        assert faults_of(page) == []
    finally:
        shown.works = None


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
    page.get_by_label("Secret").fill("not to be seen")
    page.get_by_label("Days").fill("9")
    request = page.locator("[data-request]").text_content() or ""
    assert request.endswith(
        """/api/v1/things \\\n  -H 'Content-Type: application/json' \\\n  -d '{"days":9,"secret":"..."}'"""
    )
    page.get_by_label("Days").fill("30")
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
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
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
    for language, html in (("de", "de"), ("x-pseudo", "en-GB")):
        window = visit(width=390, look=f"language={language}")
        for path in ("/parts", "/things", "/things/new", "/me/look"):
            page = window.open(path)
            assert page.locator("html").get_attribute("lang") == html
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (language, path)
        said = page.locator("h1, form.form label, form.form legend").all_inner_texts()
        assert ("Farben" in said) if language == "de" else all(text.startswith("[") for text in said), said
