"""Whether the browser tests run: with an installed browser, with one that is installed for them, or, loudly, not at
all.
"""

from pathlib import Path

import pytest

from tests.browser.chromium import ABSENT, find, prepare


class Machine:
    """A machine on which a browser appears when it is installed."""

    def __init__(self, *, has: bool = False, allowed: bool = False, reachable: bool = True) -> None:
        self.has, self.allowed, self.reachable, self.installed = has, allowed, reachable, 0

    def search(self) -> str | None:
        return "/usr/bin/chromium" if self.has else None

    def fetch(self) -> None:
        self.installed, self.has = self.installed + 1, self.reachable

    def prepare(self, **environment: str) -> int:
        return prepare(environment, self.search, lambda: self.allowed, self.fetch)


def test_an_installed_browser_is_enough() -> None:
    machine = Machine(has=True, allowed=True)
    assert (machine.prepare(), machine.installed) == (0, 0)


def test_it_is_installed_where_that_is_allowed() -> None:
    machine = Machine(allowed=True)
    assert (machine.prepare(CI="true"), machine.installed) == (0, 1)


def test_without_one_the_tests_are_left_out_loudly(capsys: pytest.CaptureFixture[str]) -> None:
    assert Machine().prepare() == ABSENT
    assert "LEFT OUT: the browser tests" in capsys.readouterr().err


def test_ci_never_leaves_them_out() -> None:
    assert Machine().prepare(CI="true") == 1
    assert Machine(allowed=True, reachable=False).prepare(CI="true") == 1


def test_a_browser_can_be_named(tmp_path: Path) -> None:
    own = tmp_path / "chrome"
    own.touch()
    assert find({"CHROMIUM": str(own)}) == str(own)
    assert find({"CHROMIUM": str(tmp_path / "absent")}) is None
