"""The layers: small enough for Lambda, the same bytes every time, buildable from uv's cache alone, importable with
nothing else beside them.
"""

import hashlib
import importlib.util
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from infra.packaging import wheels
from infra.packaging.wheels import FUNCTIONS, BundleFailed, Layer, Target, built_bundle, bundle_hash
from infra.pipeline_functions import SIZES
from infra.settings import Settings
from tests.infra.synthesis import bare_environment

# "Lambda quotas", Lambda developer guide: code and layers, unzipped.
LAMBDA_LIMIT = 250 * 1024 * 1024


@pytest.fixture(scope="session")
def host() -> Target:
    """This machine's Python and processor: what the local AWS deploys."""
    machine = "aarch64" if os.uname().machine in {"aarch64", "arm64"} else "x86_64"
    return Target(f"{machine}-manylinux_2_28", f"{sys.version_info.major}.{sys.version_info.minor}")


@pytest.fixture(scope="session")
def unpacked(host: Target, tmp_path_factory: pytest.TempPathFactory) -> dict[Layer, Path]:
    """Each layer's `python/` folder, unpacked as Lambda does."""
    folders = {layer: tmp_path_factory.mktemp(layer) for layer in Layer}
    for layer, folder in folders.items():
        zipfile.ZipFile(built_bundle(layer, host)).extractall(folder)
    return {layer: folder / "python" for layer, folder in folders.items()}


def unzipped_bytes(bundle: Path) -> int:
    return sum(entry.file_size for entry in zipfile.ZipFile(bundle).infolist())


@pytest.mark.parametrize("name", SIZES)
def test_code_and_layers_fit_into_lambda(name: str, bundles: dict[Layer, Path], host: Target) -> None:
    code = sum(
        file.stat().st_size for file in FUNCTIONS.rglob("*") if file.is_file() and "__pycache__" not in file.parts
    )
    with_bytecode = {layer: built_bundle(layer, host) for layer in Layer}
    for built in (bundles, with_bytecode):
        assert code + sum(unzipped_bytes(built[layer]) for layer in SIZES[name].layers) < LAMBDA_LIMIT


def test_a_bundle_is_a_layer_of_wheels_for_the_target(bundles: dict[Layer, Path]) -> None:
    names = zipfile.ZipFile(bundles[Layer.DEPENDENCIES]).namelist()
    native = [name for name in names if name.endswith(".so")]
    assert all(name.startswith("python/") for name in names)
    assert {"python/boto3/__init__.py", "python/aws_xray_sdk/__init__.py", "python/jinja2/__init__.py"} <= set(names)
    assert native
    assert all("aarch64" in name or "cpython" not in name for name in native)


def test_test_suites_and_scripts_stay_out(bundles: dict[Layer, Path]) -> None:
    for bundle in bundles.values():
        assert not [
            name for name in zipfile.ZipFile(bundle).namelist() if "/tests/" in name or name.startswith("python/bin/")
        ]


@pytest.mark.parametrize("layer", [Layer.CHARTS, Layer.CURATION])
def test_the_same_wheels_give_the_same_bytes_without_network(
    layer: Layer, host: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = built_bundle(layer, host)
    for name, value in bare_environment().items():
        monkeypatch.setenv(name, value)
    # Another interpreter of the same machine: what it is called must not be in the bundle.
    (tmp_path / "python").symlink_to(sys.executable)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    again = built_bundle(layer, host, tmp_path)
    assert again != first
    assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(first.read_bytes()).digest()


def test_bytecode_is_of_the_target_and_needs_no_times(unpacked: dict[Layer, Path]) -> None:
    for layer, packages in unpacked.items():
        found = list(packages.rglob("*.pyc"))
        assert bool(found) is layer.compiled, layer
        for file in found:
            head = file.read_bytes()[:8]
            # PEP 552: 1 is "by a hash that is not checked". Lambda's files have no times to check by.
            assert (head[:4], head[4:]) == (importlib.util.MAGIC_NUMBER, (1).to_bytes(4, "little")), file


def test_a_machine_without_the_functions_python_builds_layers_without_bytecode(
    target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wheels, "compiler", lambda python_version: None)
    without = built_bundle(Layer.CURATION, target, tmp_path)
    assert not [name for name in zipfile.ZipFile(without).namelist() if name.endswith(".pyc")]
    monkeypatch.setattr(wheels, "compiler", lambda python_version: sys.executable)
    assert bundle_hash(Layer.CURATION, target)[:16] not in without.name


def test_a_built_bundle_is_not_built_again(target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ready = tmp_path / f"charts-{bundle_hash(Layer.CHARTS, target)[:16]}.zip"
    ready.write_bytes(b"built before")
    monkeypatch.setattr(wheels, "find_uv_bin", lambda: pytest.fail("uv was called"))
    assert built_bundle(Layer.CHARTS, target, tmp_path) == ready


def test_the_name_says_what_went_in() -> None:
    arm = Target("aarch64-manylinux_2_28", "3.13")
    others = [
        bundle_hash(Layer.CHARTS, arm._replace(python_version="3.11")),
        bundle_hash(Layer.CHARTS, arm._replace(platform="x86_64-manylinux_2_28")),
        bundle_hash(Layer.STATISTICS, arm),
    ]
    assert len({bundle_hash(Layer.CHARTS, arm), *others}) == 4


def test_missing_wheels_are_explained_with_the_command_that_loads_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "empty-cache"))
    with pytest.raises(
        BundleFailed,
        match=r"python -m infra\.packaging\.wheels --platform aarch64-manylinux_2_28 --python-version 3\.13",
    ) as told:
        built_bundle(Layer.CHARTS, Target(Settings().wheels_for, Settings().python_version), tmp_path)
    assert "No solution found" in str(told.value)
    assert not list(tmp_path.glob("*.zip"))


@pytest.mark.parametrize("layers", sorted({size.layers for size in SIZES.values()}), ids="+".join)
def test_every_handler_imports_from_code_and_layers_alone(
    layers: tuple[Layer, ...], unpacked: dict[Layer, Path], tmp_path: Path
) -> None:
    names = [name for name, size in SIZES.items() if size.layers == layers]
    path = [str(FUNCTIONS), *(str(unpacked[layer]) for layer in layers)]
    program = (
        f"import sys; sys.path += {path!r}\nimport importlib\nfor name in {names!r}: assert "
        "callable(importlib.import_module('handlers.' + name).handler), name"
    )
    # LAMBDA_TASK_ROOT makes Powertools load the X-Ray SDK, as on Lambda.
    environment = {
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "POWERTOOLS_SERVICE_NAME": "test",
        "LAMBDA_TASK_ROOT": str(FUNCTIONS),
    }
    # -I -S: no user site, no site-packages, no PYTHONPATH; -B: no __pycache__ beside the code.
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", program],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
