"""The release: the version in pyproject.toml, and nowhere else."""

import tomllib
from pathlib import Path

_PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def release(project: Path = _PROJECT) -> str:
    """For example "0.2.0". The stack's description, every function's environment and so each run.json carry it."""
    return str(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"])
