"""One deployed app for all flow tests of this folder, and the long stories that go side by side on it."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from local import lifecycle
from tests.flow import App, running_app

AT_ONCE = 4
"""Stories that go side by side: two cores do no more, and a run that shares them with ten others takes minutes."""


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app on a local AWS of its own, ended with the session."""
    home = Path(tmp_path_factory.mktemp("local-aws"))
    try:
        yield running_app(home)
    finally:
        lifecycle.down(home)


@pytest.fixture(scope="session")
def told(request: pytest.FixtureRequest) -> Callable[[str], Any]:
    """Module name -> what its function `tell(app)` gave. Whoever asks first starts the stories of all modules that are
    collected, a few at a time.

    A story is a chain of runs that wait for each other, so alone it leaves a core idle.
    """
    modules = {item.module.__name__: item.module for item in request.session.items if isinstance(item, pytest.Function)}
    tellers = {name: module.tell for name, module in modules.items() if hasattr(module, "tell")}
    stories: dict[str, Future[Any]] = {}
    if tellers:
        app, pool = request.getfixturevalue("app"), ThreadPoolExecutor(AT_ONCE)
        stories = {name: pool.submit(tell, app) for name, tell in tellers.items()}
        pool.shutdown(wait=False)
    return lambda name: stories[name].result()
