"""One deployed app for all flow tests of this folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local import lifecycle
from tests.flow import App, running_app


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app on a local AWS of its own, ended with the session."""
    home = Path(tmp_path_factory.mktemp("local-aws"))
    try:
        yield running_app(home)
    finally:
        lifecycle.down(home)
