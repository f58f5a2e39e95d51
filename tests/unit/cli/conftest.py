"""A terminal on an AWS in memory."""

import pytest
from cloud_fake import FakeCloud
from terminal_fake import Terminal


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    return Terminal(FakeCloud(), monkeypatch)
