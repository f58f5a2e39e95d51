"""A synthesis validates what was not validated before, and only what passed is remembered."""

import json
from pathlib import Path

import pytest

from infra.packaging.validated import remember_validation, sources_hash, was_validated


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("app.py", "infra/stack.py", "statemachine/machine.json", "requirements.txt", "functions/code.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("as it was")
    return tmp_path


@pytest.mark.parametrize("name", ["app.py", "infra/stack.py", "statemachine/machine.json", "requirements.txt"])
def test_each_source_of_the_template_counts(project: Path, name: str) -> None:
    before = sources_hash({}, project)
    (project / name).write_text("changed")
    assert sources_hash({}, project) != before


def test_settings_count_and_the_functions_code_does_not(project: Path) -> None:
    before = sources_hash({"dataRemoval": "retain"}, project)
    (project / "functions/code.py").write_text("changed")
    assert sources_hash({"dataRemoval": "retain"}, project) == before
    assert sources_hash({"dataRemoval": "delete"}, project) != before


@pytest.mark.parametrize(("violations", "remembered"), [([], True), ([{"ruleName": "W1"}], False)])
def test_what_was_found_is_told_again(tmp_path: Path, violations: list[object], remembered: bool) -> None:
    (tmp_path / "validation-report.json").write_text(json.dumps({"pluginReports": [{"violations": violations}]}))
    remember_validation("address", tmp_path, tmp_path / "validated")
    assert was_validated("address", tmp_path / "validated") is remembered
