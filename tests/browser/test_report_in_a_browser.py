"""The report as a person sees it: in a real browser, light and dark, narrow, on paper, without a network, with hostile
text in it.
"""

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import SHOTS, Watched
from tests.worlds.report_world import HOSTILE, HOSTILE_LABEL

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
PAGES = ["labels", "worse", "untaught", "texts", "failed", "compared"]
View = Callable[..., Watched]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_it_opens_without_error_request_or_word_in_the_console(view: View, name: str, scheme: str) -> None:
    seen = view(name, color_scheme=scheme)
    seen.open_all()
    seen.shoot(f"{name}-{scheme}")
    assert seen.trouble == []
    assert seen.page.locator("h1").inner_text() in {"Promote", "Hold", "Reject", "Failed", "second is best"}


def test_every_chart_is_drawn(view: View) -> None:
    page = view("labels").page
    charts = page.locator(".chart").evaluate_all(
        "places => places.map(place => [place.id, place.querySelectorAll('svg.main-svg').length])"
    )
    assert len(charts) == 9
    assert all(count for _, count in charts), charts


def test_charts_take_the_themes_colours_and_follow_a_change(view: View) -> None:
    seen = view("labels", color_scheme="light")
    label = seen.page.locator("#chart-differences .annotation-text").first
    expect(label).to_have_css("fill", "rgb(28, 29, 31)")
    seen.page.emulate_media(color_scheme="dark")
    expect(label).to_have_css("fill", "rgb(233, 231, 226)")
    assert seen.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(21, 23, 26)"
    assert seen.trouble == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_barrier(view: View, name: str, scheme: str) -> None:
    """All rules of axe-core, best practices included."""
    assert AXE.exists(), "make install puts axe-core into node_modules"
    page = view(name, color_scheme=scheme)
    page.open_all()
    page.page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.page.evaluate("axe.run(document)")
    assert [(one["id"], [node["html"][:160] for node in one["nodes"]][:3]) for one in found["violations"]] == []
    assert {"color-contrast", "html-has-lang", "landmark-one-main"} <= {one["id"] for one in found["passes"]}


@pytest.mark.parametrize("name", ["labels", "texts", "failed"])
def test_hostile_text_is_text(view: View, name: str) -> None:
    seen = view(name)
    seen.open_all()
    seen.page.wait_for_timeout(50)
    assert seen.page.evaluate("window.taken") is None
    assert seen.page.locator("img").count() == 0
    assert seen.page.locator("a[href^='javascript'], a[*|href^='javascript']").count() == 0
    if name != "texts":
        assert re.sub(r"\s+", " ", HOSTILE) in re.sub(r"\s+", " ", seen.page.locator("main").inner_text())
    assert seen.trouble == []


def test_hostile_labels_and_categories_are_text_in_tables_charts_and_filters(view: View) -> None:
    page = view("labels").page
    assert HOSTILE_LABEL in page.locator(".confusion").first.inner_text()
    assert page.locator("#item-rows, form[data-rows=item-rows] option").filter(has_text=HOSTILE[:20]).count() >= 1
    assert "</script><script>" in (page.locator("#chart-slices").text_content() or "")


def shown(page: Watched, rows: str) -> int:
    return page.page.locator(f"#{rows} > :visible").count()


def test_items_are_filtered_by_kind_category_and_words(view: View) -> None:
    seen = view("labels")
    form, every = seen.page.locator("form[data-rows=item-rows]"), shown(seen, "item-rows")
    assert every == seen.page.locator("#item-rows > li").count() > 0
    form.locator("[name=kind]").select_option("worseThanTeacher")
    worse = shown(seen, "item-rows")
    assert 0 < worse < every
    assert form.locator("output").inner_text() == f"{worse} of {every} shown"
    form.locator("[name=category]").select_option(HOSTILE)
    assert (
        shown(seen, "item-rows")
        == seen.page.locator("#item-rows > [data-kind~=worseThanTeacher]").filter(has_text=f"{HOSTILE} · ").count()
    )
    form.locator("[name=category]").select_option("")
    prompt = seen.page.locator("#item-rows > li:visible .kind").first.inner_text().rsplit(" · ", 1)[1]
    form.locator("[name=words]").fill(prompt.upper())
    assert shown(seen, "item-rows") == 1
    form.locator("[name=words]").fill("nothing holds these words")
    assert shown(seen, "item-rows") == 0
    assert seen.trouble == []


def test_slices_and_differences_are_filtered(view: View) -> None:
    seen = view("labels")
    seen.page.locator("form[data-rows=slice-rows] [name=words]").fill("PHONE")
    assert shown(seen, "slice-rows") == 1
    seen.open_all()
    seen.page.locator("form[data-rows=difference-rows] [name=arm]").select_option("direct")
    names = seen.page.locator("#difference-rows > :visible th").all_inner_texts()
    assert names and all("direct" in name for name in names)


def test_the_confusion_matrix_is_chosen_by_arm(view: View) -> None:
    seen = view("labels")
    panels = seen.page.locator("#confusions > :visible")
    assert panels.get_attribute("data-arm") == "student"
    seen.page.locator("form[data-switch=confusions] select").select_option("direct")
    assert (panels.count(), panels.get_attribute("data-arm")) == (1, "direct")


def test_of_77_labels_the_mistakes_are_listed_where_a_matrix_cannot_be_read(view: View) -> None:
    seen = view("many-labels", width=390)
    panel = seen.page.locator("#confusions > :visible")
    assert panel.locator(".confusion").count() == 0
    rows = panel.get_by_role("region", name="Mistakes of student").locator("tbody tr")
    assert 10 <= rows.count() <= 20
    counts = [int(text) for text in rows.locator("td:last-child").all_inner_texts()]
    assert counts == sorted(counts, reverse=True) and counts[-1] > 0
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= 390
    paper = seen.page.pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) <= 8
    assert seen.trouble == []


@pytest.mark.parametrize("name", PAGES)
def test_a_narrow_screen_scrolls_down_only(view: View, name: str) -> None:
    seen = view(name, width=390, is_mobile=True, has_touch=True)
    seen.shoot(f"{name}-narrow")
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert seen.trouble == []


def test_a_phone_shows_the_students_column_and_keeps_the_first_one(view: View) -> None:
    seen = view("labels", width=390, is_mobile=True, has_touch=True)
    table = seen.page.get_by_role("region", name="Arms in numbers")
    metric, student = table.locator("thead th").nth(0), table.locator("thead th").nth(1)
    assert student.inner_text() == "student"
    box = student.bounding_box()
    assert box and box["x"] + box["width"] <= 390
    table.evaluate("place => { place.scrollLeft = 300 }")
    left, moved = metric.bounding_box(), student.bounding_box()
    assert left and moved and left["x"] >= 0 > moved["x"]
    seen.open_all()
    checks = seen.page.get_by_role("region", name="Checks")
    assert checks.evaluate("place => place.scrollWidth <= place.clientWidth + 1")


def test_the_saving_follows_the_volume(view: View) -> None:
    """From the page's own figures: (teacher - student) x answers / 1,000, less what keeping the model costs."""
    seen = view("labels")
    form = seen.page.locator("#saving-form")
    teacher, student, kept = (
        float(form.get_attribute(f"data-{one}") or 0) for one in ("teacher", "student", "storage")
    )
    form.locator("[name=volume]").fill("5000000")
    saved = 5_000 * (teacher - student) - kept
    assert saved > 10
    assert f"saves {saved:,.0f} USD a month" in form.locator("output").inner_text()
    form.locator("[name=volume]").fill("0")
    assert "saves nothing" in form.locator("output").inner_text()


def test_the_items_become_a_table_that_runs_nothing_in_a_spreadsheet(view: View) -> None:
    seen = view("labels")
    with seen.page.expect_download() as waiting:
        seen.page.locator("#items-csv").click()
    text = waiting.value.path().read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == seen.page.locator("#item-rows > li").count()
    assert {"prompt id", "kind", "category", "prompt", "reference", "teacher", "student"} <= set(rows[0])
    assert HOSTILE in {row["category"] for row in rows}
    assert all(not value.startswith(("=", "+", "-", "@")) for row in rows for value in row.values())


def test_it_prints_light_without_what_paper_cannot_do(view: View) -> None:
    """Also where the screen is dark."""
    seen = view("labels", color_scheme="dark")
    SHOTS.mkdir(parents=True, exist_ok=True)
    paper = seen.page.pdf(path=SHOTS / "labels.pdf", format="A4", print_background=True)
    assert 4 <= len(re.findall(rb"/Type\s*/Page\b", paper)) <= 8
    seen.page.emulate_media(media="print")
    assert seen.page.evaluate("getComputedStyle(document.body).color") == "rgb(28, 29, 31)"
    assert seen.page.locator("nav, form.filters").filter(visible=True).count() == 0
    assert seen.page.locator(".chart").first.is_visible()


def test_without_scripts_the_numbers_are_still_there(browser: Browser, files: dict[str, Path]) -> None:
    """A strict reader runs no script: everything but charts and filters is in the page itself."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(files["labels"].as_uri())
    assert page.locator("form.filters").filter(visible=True).count() == 0
    assert page.locator("#confusions > .panel").filter(visible=True).count() == 5
    assert "95 % interval" in page.locator("#main").inner_text()
    context.close()
