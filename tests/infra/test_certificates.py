"""make install behind a proxy that opens TLS: every tool that loads something is told of the system's CAs."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOLD = ("UV_SYSTEM_CERTS", "PIP_CERT", "NODE_EXTRA_CA_CERTS")


def told(store: str, **own: str) -> dict[str, str]:
    """What a recipe of the Makefile finds in its environment."""
    environment = {name: value for name, value in os.environ.items() if name not in TOLD} | own
    shown = subprocess.run(
        ["make", "--no-print-directory", f"SYSTEM_CAS={store}", "--eval", "shown: ; @env", "shown"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
    return {name: found[name] for name in TOLD if name in found}


def test_uv_pip_and_node_trust_what_the_system_trusts() -> None:
    assert told("/ca.pem") == {"UV_SYSTEM_CERTS": "1", "PIP_CERT": "/ca.pem", "NODE_EXTRA_CA_CERTS": "/ca.pem"}


@pytest.mark.parametrize("name", TOLD)
def test_a_setting_of_the_users_stands(name: str) -> None:
    assert told("/ca.pem", **{name: "own"})[name] == "own"


def test_a_system_without_a_list_of_its_own_is_left_as_it_is() -> None:
    assert told("") == {}
