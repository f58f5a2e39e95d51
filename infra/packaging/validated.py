"""What CloudFormation's validation has seen: a template is a function of the infrastructure's sources, so the same
sources are validated once and not at each synthesis.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.packaging.wheels import ROOT

VALIDATED = ROOT / "build" / "validated"

# All that a template is made of: the code of the functions is an asset, and no rule looks into it.
_SOURCES = ("app.py", "infra/**/*.py", "statemachine/*.json", "requirements.txt")


def sources_hash(context: Mapping[str, Any], root: Path = ROOT) -> str:
    """Content address of what the template is made of: sources, pinned versions and the whole context."""
    digest = hashlib.sha256(json.dumps(context, sort_keys=True, default=str).encode())
    for file in sorted(file for pattern in _SOURCES for file in root.glob(pattern)):
        digest.update(b"\0" + file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def was_validated(address: str, folder: Path = VALIDATED) -> bool:
    """Whether a synthesis of these sources passed."""
    return (folder / address).exists()


def remember_validation(address: str, assembly: Path, folder: Path = VALIDATED) -> None:
    """Note that the validation of `assembly` passed. One that found something is not noted, so it is told again."""
    reports = json.loads((assembly / "validation-report.json").read_text(encoding="utf-8"))["pluginReports"]
    if not any(report["violations"] for report in reports):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / address).touch()
