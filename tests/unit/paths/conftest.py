"""The world of most paths."""

import pytest

from tests.worlds.path_world import World


@pytest.fixture
def through_converse(monkeypatch: pytest.MonkeyPatch) -> None:
    """All shards are small enough for Converse."""
    monkeypatch.setattr("distillation.inference.requests.BATCH_MIN_RECORDS", 10_000)
    monkeypatch.setattr("distillation.arms.shards.BATCH_MIN_RECORDS", 10_000)


@pytest.fixture
def world(through_converse: None) -> World:
    return World()
