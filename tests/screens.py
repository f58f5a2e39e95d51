"""`make screens`: what `doctor` and `prove` say on the local AWS, 80 columns wide, written into docs/first-hour.md."""

import re
import tempfile
from pathlib import Path

from local import lifecycle
from local.paths import PROJECT
from tests.flow import App, running_app

DOCUMENT = PROJECT / "docs" / "first-hour.md"


def doctor(app: App) -> str:
    """What doctor says."""
    return _lines(app.cli("doctor", COLUMNS="80").stdout)


def prove(app: App, folder: Path) -> str:
    """What prove says; `folder` is called as it is on an account."""
    said = app.cli("prove", "--yes", "--to", str(folder), "--every", "0.3", COLUMNS="80").stdout
    return _lines(said.replace(str(folder), "proof/2026-11-24"))


def documented(command: str) -> str:
    """The screen of a command in the document."""
    return re.findall(_block(command), DOCUMENT.read_text("utf-8"), re.DOTALL)[0][1]


def _lines(said: str) -> str:
    return "".join(f"{line.rstrip()}\n" for line in said.splitlines())


def _block(command: str) -> str:
    return rf"(```\n\$ nova-distill {command}\n)(.*?)(```\n)"


def main() -> None:
    """Deploys, asks both, writes."""
    with tempfile.TemporaryDirectory(prefix="screens-", ignore_cleanup_errors=True) as folder:
        try:
            app = running_app(Path(folder))
            screens = {"doctor": doctor(app), "prove": prove(app, Path(folder, "proof"))}
        finally:
            lifecycle.down(Path(folder))
    text = DOCUMENT.read_text("utf-8")
    for command, said in screens.items():
        text = re.sub(_block(command), lambda found, said=said: found[1] + said + found[3], text, flags=re.DOTALL)  # type: ignore[misc]
    DOCUMENT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
