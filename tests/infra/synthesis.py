"""Synthesising the real `app.py` in a process with no network, no credentials and no AWS variables, and finding things
in what it made.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from infra.packaging.wheels import ROOT

STACK = "NovaDistill"
Resource = dict[str, Any]


class Assembly(NamedTuple):
    """What a synthesis leaves behind."""

    folder: Path
    template: dict[str, Any]

    def resources(self, kind: str) -> dict[str, Resource]:
        """Resources of a type, by logical id."""
        return {name: resource for name, resource in self.template["Resources"].items() if resource["Type"] == kind}

    def properties(self, kind: str, path: str) -> dict[str, Any]:
        """Properties of the resource of a type at a construct path below the stack."""
        properties: dict[str, Any] = self.resources(kind)[self.logical_id(kind, path)]["Properties"]
        return properties

    def logical_id(self, kind: str, path: str) -> str:
        """Logical id of the same resource."""
        paths = {name: resource["Metadata"]["aws:cdk:path"] for name, resource in self.resources(kind).items()}
        found = [
            name for name, whole in paths.items() if whole.removeprefix(f"{STACK}/").removesuffix("/Resource") == path
        ]
        assert len(found) == 1, f"{len(found)} resources of type {kind} at {path}"
        return found[0]


def no_network() -> list[str]:
    """Command words that take the network away from what follows; none where the kernel does not allow that."""
    unshare = ["unshare", "--map-root-user", "--net"]
    allowed = (
        shutil.which("unshare") and subprocess.run([*unshare, "true"], check=False, capture_output=True).returncode == 0
    )
    return unshare if allowed else []


def bare_environment(**more: str) -> dict[str, str]:
    """An environment without credentials or anything of AWS, every proxy leading nowhere; HOME stays, with the caches
    that an installation left there.
    """
    nowhere = dict.fromkeys(
        ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9"
    )
    no_profile = {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    kept = {
        name: os.environ[name]
        for name in ("PATH", "HOME", "LANG", "TMPDIR", "UV_CACHE_DIR", "XDG_CACHE_HOME")
        if name in os.environ
    }
    return kept | nowhere | no_profile | {"JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20"} | more


def run_app(folder: Path, **context: Any) -> subprocess.CompletedProcess[str]:
    """`app.py` as the CDK CLI runs it: with the context of cdk.json and of the command line in the environment."""
    whole = json.loads((ROOT / "cdk.json").read_text())["context"] | {"aws:cdk:enable-path-metadata": True} | context
    environment = bare_environment(
        CDK_VALIDATION="true", CDK_OUTDIR=str(folder / "cdk.out"), CDK_CONTEXT_JSON=json.dumps(whole)
    )
    command = [*no_network(), sys.executable, "app.py"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
