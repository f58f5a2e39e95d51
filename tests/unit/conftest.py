"""Unit tests reach no network, no AWS and no environment of the machine."""

import os
from importlib import import_module

import hypothesis
import pytest
from pytest_socket import disable_socket

from distillation.inference.converse import Pace

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # its threads wait for each other where cores are busy
os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "test")
os.environ.setdefault("POWERTOOLS_METRICS_NAMESPACE", "Test")
os.environ.setdefault("POWERTOOLS_TRACE_DISABLED", "true")
CONVERSE_SHARD = import_module("application.converse")  # its tracer opens a socket when it is first imported

hypothesis.settings.register_profile("unit", deadline=None)  # a busy machine is no failure
hypothesis.settings.load_profile("unit")


@pytest.fixture(autouse=True)
def _no_real_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between calls that are throttled move a clock of their own."""
    time = [0.0]
    monkeypatch.setattr(
        CONVERSE_SHARD, "PACE", Pace(lambda: time[0], lambda seconds: time.__setitem__(0, time[0] + seconds))
    )


@pytest.fixture(autouse=True)
def _no_network() -> None:
    disable_socket(allow_unix_socket=True)
