"""The layers of the Lambda functions, built without Docker.

`python -m infra.packaging.wheels` builds them now, so that a later synthesis needs no network.

A layer is one zip of binary wheels for the target machine, from a lock file with hashes. It is kept in `build/bundles`
under a name that says what went in: an unchanged layer is built once, every later synthesis copies a file. Where a
Python of the target's version is at hand, the layers that most functions load hold its bytecode.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, NamedTuple

import typer
from uv import find_uv_bin

from infra.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS = ROOT / "functions"
BUNDLES = ROOT / "build" / "bundles"

# Part of every bundle's name: raise it when `_pack` changes what it writes.
_PACKING = "3"
# A third of SciPy and NumPy is their own tests, and Lambda allows 250 MB for code and layers together.
_LEFT_OUT = "tests"
_NO_TIME = (1980, 1, 1, 0, 0, 0)


class Layer(StrEnum):
    """The layers: what every function has, and what one function needs beside."""

    DEPENDENCIES = "dependencies"
    STATISTICS = "statistics"
    CHARTS = "charts"
    CURATION = "curation"

    @property
    def requirements(self) -> Path:
        """The lock file with the hashes."""
        return FUNCTIONS / ("requirements.txt" if self is Layer.DEPENDENCIES else f"requirements-{self}.txt")

    @property
    def compiled(self) -> bool:
        """Whether it is to hold bytecode. SciPy's would leave nothing of Lambda's 250 MB; charts are loaded
        once a run."""
        return self in (Layer.DEPENDENCIES, Layer.CURATION)


class Target(NamedTuple):
    """The machine that the wheels are for: `platform` as uv names it (`aarch64-manylinux_2_28`), `python_version` as
    `3.13`.
    """

    platform: str
    python_version: str


class BundleFailed(RuntimeError):
    """A layer could not be built; the message says why and what to do."""

    def __init__(self, layer: Layer, target: Target, reason: str) -> None:
        super().__init__(
            f"The layer `{layer}` for {target.platform}, Python {target.python_version}, could not be "
            f"built:\n{reason.strip()}\n"
            f"Its wheels come from {layer.requirements.name} and are kept once loaded. With network, load them by\n"
            f"    python -m infra.packaging.wheels --platform {target.platform} "
            f"--python-version {target.python_version}\n"
            "Behind a mirror set UV_DEFAULT_INDEX. Where no wheel matches, a pinned package has none for that "
            "platform or Python."
        )


@cache
def compiler(python_version: str) -> str | None:
    """The interpreter on this machine that makes bytecode for `python_version` (`3.13`), or None: bytecode of another
    version is of no use to the functions.
    """
    if python_version == f"{sys.version_info.major}.{sys.version_info.minor}":
        return sys.executable
    command = [find_uv_bin(), "python", "find", "--system", "--no-project", "--no-python-downloads", python_version]
    # pyenv's commands for versions that are not the folder's own fail without it, and uv looks no further.
    variables = os.environ | {"PYENV_VERSION": python_version}
    found = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)  # noqa: S603 - fixed words and this project's own settings
    return found.stdout.strip() or None


def bundle_hash(layer: Layer, target: Target) -> str:
    """Content address of a layer: lock file, platform, Python, the way of packing, with bytecode or without."""
    parts = (
        layer.requirements.read_bytes(),
        target.platform.encode(),
        target.python_version.encode(),
        _PACKING.encode(),
        b"bytecode" if layer.compiled and compiler(target.python_version) else b"",
    )
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def built_bundle(layer: Layer, target: Target, folder: Path = BUNDLES) -> Path:
    """The layer's zip in `folder`, built now if it is not there yet. Raises BundleFailed."""
    bundle = folder / f"{layer}-{bundle_hash(layer, target)[:16]}.zip"
    if not bundle.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=f"{layer}-") as scratch:
            packages = Path(scratch) / "python"
            _install(layer, target, packages)
            if layer.compiled and (python := compiler(target.python_version)):
                _compile(python, packages)
            packed = Path(scratch) / "layer.zip"
            _pack(packages, packed)
            packed.replace(bundle)
    return bundle


def _install(layer: Layer, target: Target, packages: Path) -> None:
    """Unpack the layer's wheels into `packages`: from uv's cache if they are all there, else from the index."""
    if _uv(layer, target, packages, "--offline").returncode:
        online = _uv(layer, target, packages)
        if online.returncode:
            raise BundleFailed(layer, target, online.stderr)


def _uv(layer: Layer, target: Target, packages: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [
        find_uv_bin(),
        "pip",
        "install",
        "--quiet",
        *options,
        "--target",
        str(packages),
        "--python",
        sys.executable,
    ]
    command += ["--python-platform", target.platform, "--python-version", target.python_version]
    command += ["--only-binary", ":all:", "--require-hashes", "-r", str(layer.requirements)]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed words and this project's own settings


def _compile(python: str, packages: Path) -> None:
    """Bytecode beside the sources, valid whatever their times (a layer has none), with their paths on Lambda. A file
    that cannot be compiled stays as it is: nothing imports it.
    """
    command = [python, "-s", "-m", "compileall", "-q", "-x", f"/{_LEFT_OUT}/", "--invalidation-mode", "unchecked-hash"]
    command += ["-s", str(packages.parent), "-p", "/opt", str(packages)]
    # The order of sets goes into bytecode, and the same wheels are to give the same bytes.
    subprocess.run(command, env=os.environ | {"PYTHONHASHSEED": "0"}, capture_output=True, check=False)  # noqa: S603 - fixed words and paths of our own


def _pack(packages: Path, archive: Path) -> None:
    """Zip `packages` as the layer's `python/` folder: sorted and without times, so that the same wheels give the same
    bytes.
    """
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        for file in _wanted(packages):
            entry = zipfile.ZipInfo(f"python/{file.relative_to(packages).as_posix()}", _NO_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o755 if os.access(file, os.X_OK) else 0o644) << 16
            zipped.writestr(entry, file.read_bytes())


def _wanted(packages: Path) -> Iterator[Path]:
    for file in sorted(packages.rglob("*")):
        inside = file.relative_to(packages)
        # Scripts name the interpreter that installed them, and RECORD has their hashes: neither is needed, both differ
        # from machine to machine.
        if file.is_file() and _LEFT_OUT not in inside.parts[:-1] and inside.parts[0] != "bin" and file.name != "RECORD":
            yield file


def main(
    platform: Annotated[
        str, typer.Option(help="As uv names it, for example x86_64-manylinux_2_28.")
    ] = Settings().wheels_for,
    python_version: Annotated[
        str, typer.Option(help="The Python that the wheels are for.")
    ] = Settings().python_version,
) -> None:
    """Build every layer for one machine; by default for the one that is deployed to."""
    for layer in Layer:
        try:
            bundle = built_bundle(layer, Target(platform, python_version))
        except BundleFailed as failure:
            raise SystemExit(str(failure)) from None
        typer.echo(f"{layer}: {bundle.relative_to(ROOT)}, {bundle.stat().st_size / 1e6:.1f} MB")
    if compiler(python_version) is None:
        typer.echo(
            f"The layers hold no bytecode, so each function starts about half a second later: uv finds no Python "
            f"{python_version} on this machine. With network, .venv/bin/uv python install {python_version} brings one."
        )


if __name__ == "__main__":
    typer.run(main)
