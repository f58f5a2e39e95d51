"""A browser without a network, and pages that remember what went wrong in them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright

from distillation.report.comparison_page import render_comparison
from distillation.report.failure import build_failure_report, render_failure_html
from distillation.report.pages import render_html
from tests.browser.chromium import find
from tests.worlds.report_world import HOSTILE, comparison, label_report, many_labels_report, text_report

SHOTS = Path(__file__).parents[2] / "build" / "screenshots"


class Watched:
    """A page of the report, opened from a file.

    `trouble` collects errors, what the console said, and every request but the first.
    """

    def __init__(self, page: Page, file: Path) -> None:
        self.page, self.trouble = page, list[str]()
        page.on("console", lambda message: self.trouble.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.trouble.append(f"error: {error}"))
        page.on("request", self._note)
        self._url = file.as_uri()
        page.goto(self._url)
        if page.locator("#figures").count():
            page.wait_for_selector("html[data-charts=drawn]")

    def _note(self, request: Request) -> None:
        if request.url.partition("#")[0] != self._url and not request.url.startswith(("data:", "blob:")):
            self.trouble.append(f"request: {request.url}")

    def open_all(self) -> None:
        """Opens everything that is folded."""
        self.page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")

    def shoot(self, name: str) -> Path:
        """Keeps a picture of the whole page."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}.png", full_page=True, animations="disabled")
        return SHOTS / f"{name}.png"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = find()
    assert path, "no Chromium: python -m tests.browser.chromium says how to get one"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND"]
        )
        yield started
        started.close()


LEFT = {"what": HOSTILE, "why": HOSTILE, "command": HOSTILE}


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The pages: runs of labels and of texts, full of hostile text, a run that failed, and a comparison."""
    folder = tmp_path_factory.mktemp("pages")
    failed = build_failure_report(
        "reviews-3",
        "reviews",
        "2026-01-01T00:00:00Z",
        {"state": "AwaitTuning", "error": "TuningFailed", "cause": HOSTILE, "left": [LEFT]},
        {},
    )
    pages = {
        "labels": render_html(label_report()),
        "worse": render_html(label_report(hostile=False, student=0.7)),
        "untaught": render_html(label_report(hostile=False, teacher=0.5, student=0.48, champion=0.75)),
        "many-labels": render_html(many_labels_report()),
        "texts": render_html(text_report()),
        "failed": render_failure_html(failed),
        "compared": render_comparison(comparison()),
    }
    for name, page in pages.items():
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in pages}


@pytest.fixture
def view(browser: Browser, files: dict[str, Path]) -> Iterator[Callable[..., Watched]]:
    """Opens one of the pages: view("labels", color_scheme="dark", width=390)."""
    opened = []

    def _open(name: str, *, width: int = 1280, **settings: Any) -> Watched:
        context = browser.new_context(viewport={"width": width, "height": 900}, **settings)
        opened.append(context)
        return Watched(context.new_page(), files[name])

    yield _open
    for context in opened:
        context.close()
