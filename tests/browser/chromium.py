"""Which Chromium the browser tests drive: an installed one; none is downloaded by playwright.

python -m tests.browser.chromium      what `make browser` asks first: installs Debian's where that is allowed. Exit 0:
there is one, 3: there is none.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
ABSENT = 3
_LEFT_OUT = """
======================================================================
 LEFT OUT: the browser tests of the report. There is no Chromium here.
 Install one (Debian: apt-get install chromium), or set CHROMIUM to one.
======================================================================
"""


def find(environment: Mapping[str, str] = os.environ) -> str | None:
    """The path that CHROMIUM names, else the first installed browser."""
    named = environment.get("CHROMIUM")
    if named:
        return named if Path(named).exists() else None
    found = (shutil.which(name) for name in NAMES)
    return next((path for path in found if path), None) or next(
        (place for place in PLACES if Path(place).exists()), None
    )


def may_install() -> bool:
    """Only root on a system with apt."""
    return hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get") is not None


def install() -> None:
    """Debian's own package."""
    sys.stderr.write("Installing Debian's chromium for the browser tests ...\n")
    quiet = {"env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, "stdout": subprocess.DEVNULL}
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"],
    ):
        if subprocess.run(command, check=False, **quiet).returncode:  # type: ignore[call-overload]
            return


def prepare(
    environment: Mapping[str, str],
    search: Callable[[], str | None],
    allowed: Callable[[], bool],
    fetch: Callable[[], None],
) -> int:
    """Exit code. Without a browser the tests may be left out, loudly, but never where CI is set."""
    if search() is None and allowed():
        fetch()
    if search() is not None:
        return 0
    sys.stderr.write(_LEFT_OUT)
    return 1 if environment.get("CI") else ABSENT


if __name__ == "__main__":
    sys.exit(prepare(os.environ, find, may_install, install))
