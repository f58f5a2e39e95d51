"""An audit that could look up nothing is not a clean one."""

import pytest

from infra.packaging.audit import CLEAN, NOT_CHECKED, VULNERABLE, exit_code, locks, read_npm_audit, read_pip_audit
from infra.packaging.wheels import ROOT, Layer

KNOWN = {"name": "plotly", "version": "7.1.0", "vulns": []}
OPEN = {"name": "jinja2", "version": "3.0.0", "vulns": [{"id": "CVE-2024-1", "fix_versions": ["3.1.3"]}]}
SKIPPED = {"name": "numpy", "skip_reason": "Dependency not found on PyPI and could not be audited: numpy (2.4.0)"}


@pytest.mark.parametrize(
    ("packages", "code"),
    [([KNOWN], CLEAN), ([KNOWN, SKIPPED], NOT_CHECKED), ([SKIPPED], NOT_CHECKED), ([OPEN, SKIPPED], VULNERABLE)],
)
def test_how_an_audit_of_python_packages_ends(packages: list[dict[str, object]], code: int) -> None:
    assert exit_code([read_pip_audit("requirements.txt", {"dependencies": packages})]) == code


def test_an_advisory_names_version_and_way_out() -> None:
    finding = read_pip_audit("requirements.txt", {"dependencies": [KNOWN, OPEN]})
    assert (finding.checked, finding.advisories) == (2, ["jinja2 3.0.0: CVE-2024-1, fixed in 3.1.3"])


def test_a_registry_that_answers_no_audit_is_said() -> None:
    refused = {"message": "405 Method Not Allowed - POST https://registry.npmjs.org/-/npm/v1/security/advisories/bulk"}
    finding = read_npm_audit(refused)
    assert exit_code([finding]) == NOT_CHECKED
    assert finding.unknown == [refused["message"]]


def test_an_audit_of_npm_packages() -> None:
    report = {"vulnerabilities": {"yaml": {"severity": "high"}}, "metadata": {"dependencies": {"total": 41}}}
    assert read_npm_audit(report) == ("package-lock.json", 41, ["yaml: high"], [])


def test_every_lock_that_is_deployed_is_audited() -> None:
    assert {layer.requirements for layer in Layer} | {ROOT / "requirements.txt"} <= set(locks())
