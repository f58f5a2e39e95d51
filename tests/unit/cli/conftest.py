"""A terminal on an AWS in memory."""

import pytest

from tests.unit.cli.cloud_fake import FakeCloud
from tests.unit.cli.terminal_fake import Terminal


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    return Terminal(FakeCloud(), monkeypatch)


@pytest.fixture(autouse=True)
def _an_ordinary_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """What rich makes of a console depends on these: a dumb or colourless shell around the tests shall not change what
    they see.
    """
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLUMNS", "LINES", "JUPYTER_COLUMNS"):
        monkeypatch.delenv(name, raising=False)
