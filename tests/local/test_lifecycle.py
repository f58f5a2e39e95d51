"""`python -m local up|status|env|down`, with the emulator alone."""

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import msgspec
import psutil
import pytest

from local import lifecycle, processes
from local.errors import LocalAwsError
from local.instance import Instance, read_state, state_file, write_state
from local.paths import PROJECT


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A folder whose instance is stopped at the end."""
    yield tmp_path
    lifecycle.down(tmp_path)


def _local(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "local", *arguments],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_up_env_status_down(home: Path) -> None:
    assert _local("up", "--without-bedrock", "--home", str(home)).returncode == 0
    first, *lines = _local("env", "--home", str(home)).stdout.splitlines()
    assert first == "unset AWS_PROFILE AWS_SESSION_TOKEN"
    exports = dict(shlex.split(line)[1].split("=", 1) for line in lines)
    assert exports["AWS_ENDPOINT_URL"] == read_state(home).emulator_url
    session = boto3.session.Session(
        exports["AWS_ACCESS_KEY_ID"], exports["AWS_SECRET_ACCESS_KEY"], region_name=exports["AWS_REGION"]
    )
    assert (
        session.client("sts", endpoint_url=exports["AWS_ENDPOINT_URL"]).get_caller_identity()["Account"]
        == "000000000000"
    )
    assert _local("status", "--home", str(home)).stdout.splitlines() == ["emulator running", "bedrock  stopped"]
    emulator = psutil.Process(read_state(home).emulator_pid)
    assert _local("down", "--home", str(home)).stdout.strip() == "Stopped: emulator"
    # Where the machine's first process collects no orphans, an ended process stays listed as a zombie.
    assert not emulator.is_running() or emulator.status() == psutil.STATUS_ZOMBIE
    assert not state_file(home).exists()


def test_up_refuses_a_second_time(home: Path) -> None:
    lifecycle.up(home, with_bedrock=False)
    again = _local("up", "--without-bedrock", "--home", str(home))
    assert again.returncode == 1
    assert "already runs" in again.stderr
    assert "python -m local down" in again.stderr


def test_down_and_up_after_a_crash(home: Path) -> None:
    instance = lifecycle.up(home, with_bedrock=False)
    psutil.Process(instance.emulator_pid).kill()
    psutil.wait_procs(
        [psutil.Process(instance.emulator_pid)] if psutil.pid_exists(instance.emulator_pid) else [], timeout=5
    )
    with pytest.raises(LocalAwsError, match="not running any more"):
        lifecycle.running_instance(home)
    assert lifecycle.down(home) == []
    assert lifecycle.up(home, with_bedrock=False).emulator_pid != instance.emulator_pid


_ANSWERS = """
import http.server, sys
class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[2])), Answers).serve_forever()
"""


@pytest.fixture
def stand_ins(home: Path) -> dict[str, str]:
    """Processes in the place of both, which answer whatever they are asked: their URLs."""
    urls = {}
    for name in (lifecycle.EMULATOR, lifecycle.BEDROCK):
        port = processes.free_port()
        urls[name] = f"http://127.0.0.1:{port}"
        processes.start(home, name, [sys.executable, "-c", _ANSWERS, f"local.{name}", str(port), str(home)])
        processes.wait_until_healthy(home, name, urls[name], None, 20)
    return urls


def test_only_an_instance_whose_two_processes_answer_is_sound(
    home: Path, stand_ins: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "_LOOKS", 1)
    alone = Instance(emulator_url=stand_ins["emulator"], emulator_pid=1)
    assert lifecycle.is_there(home)
    assert lifecycle.what_ails(home) == "state.json is missing or cannot be read"
    write_state(home, alone)
    assert lifecycle.what_ails(home) == "it was started without bedrock"
    write_state(home, msgspec.structs.replace(alone, bedrock_url=stand_ins["bedrock"]))
    assert lifecycle.what_ails(home) == ""
    bedrock = processes.find(home, "bedrock")
    assert bedrock
    bedrock.suspend()
    assert lifecycle.what_ails(home) == "bedrock does not answer"
    bedrock.resume()
    assert processes.stop(home, "emulator")
    assert lifecycle.what_ails(home) == "emulator has ended"
    assert lifecycle.down(home) == ["bedrock"]
    assert not lifecycle.is_there(home)


def test_down_leaves_a_pid_alone_that_is_somebody_elses(home: Path) -> None:
    (home / "emulator.pid").write_text(f"{os.getpid()}\n")
    assert processes.find(home, "emulator") is None
    assert lifecycle.down(home) == []


def test_a_process_whose_command_line_the_kernel_does_not_show_yet_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = [[], [], ["python", "-m", "local.emulator", "--home", str(tmp_path)]]
    monkeypatch.setattr(psutil.Process, "cmdline", lambda process: shown.pop(0))
    (tmp_path / "emulator.pid").write_text(str(os.getpid()))
    assert processes.find(tmp_path, "emulator") is not None


def test_a_start_that_fails_says_why_and_leaves_nothing(home: Path) -> None:
    taken = lifecycle.up(home / "first", with_bedrock=False)
    try:
        with pytest.raises(LocalAwsError, match="already in use"):
            lifecycle.up(home, port=int(taken.emulator_url.rsplit(":", 1)[1]), with_bedrock=False)
    finally:
        lifecycle.down(home / "first")
    assert lifecycle.status(home) == {"emulator": False, "bedrock": False}


def test_commands_without_an_instance_say_how_to_start_one(home: Path) -> None:
    for command in ("env", "deploy"):
        said = _local(command, "--home", str(home))
        assert said.returncode == 1
        assert "python -m local up" in said.stderr


def test_children_cannot_reach_a_real_account(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "real")
    environment = lifecycle.up(home, with_bedrock=False).environment()
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN"} & set(environment)
    assert environment["AWS_CONFIG_FILE"] == os.devnull


def test_a_shell_that_wants_a_local_aws_that_does_not_run_meets_no_other(tmp_path: Path) -> None:
    asked = f'eval "$({sys.executable} -m local env --home {tmp_path})"; echo "code $?"; echo "url $AWS_ENDPOINT_URL"'
    said = subprocess.run(["bash", "-c", asked], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert said.stdout == "code 1\nurl http://no-local-aws.invalid\n"
    assert "python -m local up" in said.stderr
