"""One deployed app for all flow tests of this folder, and the long stories that go side by side on it."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from local import lifecycle
from tests.flow import App, running_app
from tests.teacher import endpoint

LONGEST = ("which_serves", "clean_up", "whole_path", "promotion", "faults", "reruns")
"""Modules whose stories begin first, so that none of them is left alone at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Modules that tell no story come first: what they do goes beside the stories of the others."""
    items.sort(key=lambda item: isinstance(item, pytest.Function) and hasattr(item.module, "tell"))


@pytest.fixture(scope="session")
def teacher() -> Iterator[None]:
    """Every local AWS that starts meanwhile asks the tests' own teacher."""
    with endpoint() as url, pytest.MonkeyPatch.context() as environment:
        environment.setenv("NOVA_DISTILL_TEACHER_URL", url)
        yield


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory, teacher: None) -> Iterator[App]:
    """The app on a local AWS of its own, ended with the session."""
    home = Path(tmp_path_factory.mktemp("local-aws"))
    try:
        yield running_app(home, customization_jobs=8)
    finally:
        lifecycle.down(home)


@pytest.fixture(scope="session", autouse=True)
def told(request: pytest.FixtureRequest) -> Callable[[str], Any]:
    """Module name -> what its function `tell(app)` gave. The stories of all modules that are collected begin with the
    first test, those of the longest ones first; tests that tell their own go beside them.

    A story is a chain of runs that wait for each other, so alone it leaves a core idle.
    """
    modules = {item.module.__name__: item.module for item in request.session.items if isinstance(item, pytest.Function)}
    tellers = {name: module.tell for name, module in modules.items() if hasattr(module, "tell")}
    first = [name for long in LONGEST for name in tellers if name.endswith(long)]
    stories: dict[str, Future[Any]] = {}
    if tellers:
        app, pool = request.getfixturevalue("app"), ThreadPoolExecutor(len(tellers))
        stories = {name: pool.submit(tellers[name], app) for name in dict.fromkeys([*first, *tellers])}
        pool.shutdown(wait=False)
    return lambda name: stories[name].result()
