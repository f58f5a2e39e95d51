"""make pictures: the pictures of README, from the files that the last `make demo` left in build/demo.

docs/pictures/report.png is the head of the page in a real browser, docs/pictures/terminal.svg the demo's last screen.
"""

import io
import re
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright
from rich.console import Console

from local.final_screen import final_screen
from tests.browser.chromium import find

RUN = Path("build/demo")
PICTURES = Path("docs/pictures")
LARGEST = 150_000
"""Bytes of a picture: README is read over slow lines too."""


def shoot_report(page_file: Path, picture: Path, browser: str) -> None:
    """The head of the report and the reasons, 1,120 pixels wide."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
        page = started.new_page(viewport={"width": 1120, "height": 790}, color_scheme="light")
        page.goto(page_file.resolve().as_uri())
        page.wait_for_selector("html[data-charts=drawn]")
        page.screenshot(path=picture, animations="disabled")
        started.close()


def draw_terminal(run: Path, picture: Path) -> None:
    """What the demo says at its end, 84 columns wide."""
    console = Console(record=True, width=84, file=io.StringIO(), force_terminal=True, highlight=False)
    console.print("[dim]$ make demo[/]\n[dim]…[/]")
    console.print("\n".join(final_screen(run)))
    drawn = console.export_svg(title="make demo", unique_id="demo")
    # rich's picture loads a font from a stranger's server; the reader's own will do.
    picture.write_text(re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL), encoding="utf-8")


def main() -> None:
    """Draws both; ends with a sentence where a demo, a browser or room is missing."""
    if not (RUN / "8-report" / "index.html").exists():
        sys.exit(f"There is no report in {RUN}: make demo leaves one there.")
    browser = find() or sys.exit("There is no Chromium: python -m tests.browser.chromium says how to get one.")
    PICTURES.mkdir(exist_ok=True)
    shoot_report(RUN / "8-report" / "index.html", PICTURES / "report.png", browser)
    draw_terminal(RUN, PICTURES / "terminal.svg")
    for picture in sorted(PICTURES.iterdir()):
        size = picture.stat().st_size
        sys.stdout.write(f"{picture} {size / 1000:.0f} KB\n")
        if size > LARGEST:
            sys.exit(f"{picture} is larger than {LARGEST / 1000:.0f} KB: show less.")


if __name__ == "__main__":
    main()
