"""One synthesis for all tests."""

import json
import os
from pathlib import Path

import pytest

from infra.packaging.wheels import Layer, Target, built_bundle
from infra.settings import Settings
from tests.infra.synthesis import STACK, Assembly, run_app

os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20")


@pytest.fixture(scope="session")
def target() -> Target:
    """What is deployed to AWS by default."""
    return Target(Settings().wheels_for, Settings().python_version)


@pytest.fixture(scope="session")
def bundles(target: Target) -> dict[Layer, Path]:
    """The layers' zips, as `make install` leaves them."""
    return {layer: built_bundle(layer, target) for layer in Layer}


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory, bundles: dict[Layer, Path]) -> Assembly:
    """The default deployment, synthesised once."""
    folder = tmp_path_factory.mktemp("synthesis")
    done = run_app(folder)
    assert done.returncode == 0, done.stderr
    return Assembly(folder / "cdk.out", json.loads((folder / "cdk.out" / f"{STACK}.template.json").read_text()))
