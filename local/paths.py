"""Where the local AWS keeps its things. All of it lies under `build/`, which git ignores."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
BUILD = PROJECT / "build"
DEFAULT_HOME = BUILD / "local"
NODE_MODULES = PROJECT / "node_modules"
