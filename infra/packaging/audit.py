"""Advisories and bill of materials of everything that is pinned: `make audit`, `make sbom`.

A pinned version of which no advisory database could say anything counts as not checked, and that is an end of its own:
pip-audit itself reports "no known vulnerabilities" when it could look up nothing at all.
"""

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import typer
from uv import find_uv_bin

from infra.packaging.wheels import FUNCTIONS, ROOT

CLEAN, VULNERABLE, NOT_CHECKED = 0, 1, 3
_TOOLS = ROOT / "infra" / "requirements-audit.txt"
_LOCKS = ("requirements*.txt", "functions/requirements*.txt", "local/requirements*.txt", "infra/requirements*.txt")

app = typer.Typer(add_completion=False, help=__doc__)


class Finding(NamedTuple):
    """What an audit says of one lock file: how many packages it looked up, advisories, and what stayed unknown."""

    file: str
    checked: int
    advisories: list[str]
    unknown: list[str]


def locks(root: Path = ROOT) -> list[Path]:
    """Every lock file of Python packages."""
    return sorted(file for pattern in _LOCKS for file in root.glob(pattern))


def read_pip_audit(file: str, report: dict[str, Any]) -> Finding:
    """pip-audit's JSON: a package has `vulns`, or a `skip_reason` where it could not be looked up."""
    packages = report["dependencies"]
    advisories = [
        f"{package['name']} {package['version']}: {vuln['id']}, fixed in {', '.join(vuln['fix_versions']) or 'none'}"
        for package in packages
        for vuln in package.get("vulns", ())
    ]
    unknown = [package["skip_reason"] for package in packages if "skip_reason" in package]
    return Finding(file, len(packages) - len(unknown), advisories, unknown)


def read_npm_audit(report: dict[str, Any]) -> Finding:
    """npm's JSON: `vulnerabilities` by package, or an error message where the registry answers no audit."""
    if "vulnerabilities" not in report:
        why = str(report.get("message") or report.get("error") or "npm audit gave no answer")
        return Finding("package-lock.json", 0, [], [why])
    found = [f"{name}: {entry['severity']}" for name, entry in sorted(report["vulnerabilities"].items())]
    return Finding("package-lock.json", report["metadata"]["dependencies"]["total"], found, [])


def exit_code(findings: Iterable[Finding]) -> int:
    """1 where an advisory is open, else 3 where anything was not checked, else 0."""
    all_findings = list(findings)
    if any(finding.advisories for finding in all_findings):
        return VULNERABLE
    return NOT_CHECKED if any(finding.unknown for finding in all_findings) else CLEAN


@app.command()
def audit() -> None:
    """Looks every pinned version up in the advisory databases of PyPI and npm."""
    findings = [read_pip_audit(file.relative_to(ROOT).as_posix(), _pip_audit(file)) for file in locks()]
    npm = subprocess.run(["npm", "audit", "--json"], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S607
    findings.append(read_npm_audit(json.loads(npm.stdout or "{}")))
    for finding in findings:
        typer.echo(f"{finding.file}: {finding.checked} packages looked up, {len(finding.advisories)} advisories")
        for line in finding.advisories:
            typer.echo(f"  {line}")
        if finding.unknown:
            typer.secho(
                f"  NOT CHECKED: {len(finding.unknown)} packages, no advisory database could be reached for them "
                f"({finding.unknown[0][:200]})",
                fg="red",
                bold=True,
            )
    raise typer.Exit(exit_code(findings))


@app.command()
def sbom(folder: Path = ROOT / "build" / "sbom") -> None:
    """Writes a CycloneDX bill of materials for each lock file; those of `functions/` are what is deployed."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in locks():
        name = file.relative_to(ROOT).with_suffix("").as_posix().replace("/", "-")
        target = folder / f"{name}.cdx.json"
        _tool("cyclonedx-py", "requirements", str(file), "--output-format", "JSON", "--output-file", str(target))
        deployed = " (deployed)" if file.is_relative_to(FUNCTIONS) else ""
        components = len(json.loads(target.read_text(encoding="utf-8"))["components"])
        typer.echo(f"{target.relative_to(ROOT)}: {components} packages{deployed}")


def _pip_audit(file: Path) -> dict[str, Any]:
    arguments = ("-r", str(file), "--require-hashes", "--disable-pip", "--format", "json", "--progress-spinner", "off")
    done = _tool("pip-audit", *arguments, check=False)
    try:
        report: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        # Without network it writes no report at all.
        reason = (done.stderr.strip().splitlines() or ["pip-audit gave no answer"])[-1]
        report = {"dependencies": [{"name": file.name, "skip_reason": reason}]}
    return report


def _tool(*command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    environment = ["run", "--quiet", "--no-project", "--isolated", "--python", sys.executable]
    words = [find_uv_bin(), *environment, "--with-requirements", str(_TOOLS), *command]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=check)  # noqa: S603 - fixed words


if __name__ == "__main__":
    app()
