"""The virtual environments of the local AWS, made by uv from hashed locks.

One is the emulator's, because MiniStack pins botocore exactly; one is the local Bedrock's, because its models are
large.
"""

import fcntl
import hashlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

from local.errors import LocalAwsError
from local.paths import BUILD, PROJECT

_LOCKS = PROJECT / "local"


def python_of(name: str) -> Path:
    """The interpreter of the environment `name` (emulator or bedrock)."""
    return BUILD / "local" / f"{name}-venv" / "bin" / "python"


def ensure_environment(name: str) -> Path:
    """Make or renew the environment where its locks have changed; returns its interpreter.

    Does nothing (and needs no network) otherwise.
    """
    python, locks = python_of(name), sorted(_LOCKS.glob(f"requirements-{name}*.txt"))
    if not locks:
        raise LocalAwsError(f"There is no local/requirements-{name}.txt. Restore it: git checkout local/")
    (BUILD / "local").mkdir(parents=True, exist_ok=True)
    # Two commands at a time on a fresh machine: the second waits for what the first makes.
    with (BUILD / "local" / f"{name}-venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        renew(python, locks)
    return python


def renew(python: Path, locks: list[Path]) -> None:
    """Makes the environment of this interpreter where it was not made from these locks. Raises LocalAwsError."""
    stamp, wanted = python.parent.parent / "locks.sha256", _fingerprint(locks)
    if not (python.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == wanted):
        _make(python, locks)
        stamp.write_text(wanted, encoding="utf-8")


def _fingerprint(locks: list[Path]) -> str:
    digest = hashlib.sha256(sys.version.encode())
    for lock in locks:
        digest.update(lock.read_bytes())
    return digest.hexdigest()


def _make(python: Path, locks: list[Path]) -> None:
    _uv("venv", "--quiet", "--clear", "--python", sys.executable, str(python.parent.parent))
    for lock in locks:
        # A lock is the whole closure, so nothing is resolved again; this also leaves out what a wheel asks for and the
        # project does not use.
        _uv(
            "pip",
            "install",
            "--quiet",
            "--python",
            str(python),
            "--no-deps",
            "--require-hashes",
            "--compile-bytecode",
            "-r",
            str(lock),
        )


def _uv(*arguments: str) -> None:
    try:
        subprocess.run([*_uv_command(), *arguments], check=True, env={**os.environ, "UV_NO_PROGRESS": "1"})
    except subprocess.CalledProcessError as error:
        raise LocalAwsError(
            f"uv {' '.join(arguments[:2])} failed (exit {error.returncode}); its message is above. Check the "
            "network, then try again."
        ) from error


def _uv_command() -> list[str]:
    beside = Path(sys.prefix) / "bin" / "uv"
    if beside.exists():
        return [str(beside)]
    if importlib.util.find_spec("uv"):
        return [sys.executable, "-m", "uv"]
    raise LocalAwsError("uv is not in this environment. Run: make install")
