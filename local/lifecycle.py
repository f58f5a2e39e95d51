"""Start, look at and stop the local AWS: the emulator of everything but Bedrock, and the local Bedrock beside it."""

import shutil
from pathlib import Path

from local import processes
from local.environments import ensure_environment
from local.errors import LocalAwsError
from local.instance import Instance, environment_without_aws, read_state, state_file, write_state

EMULATOR, BEDROCK = "emulator", "bedrock"
_START_SECONDS = {EMULATOR: 30.0, BEDROCK: 90.0}
_HEALTH = {EMULATOR: "/_ministack/health", BEDROCK: "/_local/health"}
_LOOKS = 5


def up(
    home: Path, *, tls: bool = False, port: int | None = None, with_bedrock: bool = True, customization_jobs: int = 2
) -> Instance:
    """Start both processes in the background and wait until they answer. `customization_jobs` is the account's quota of
    those that work at once; 2 is AWS's default.

    Whatever was started is stopped again where that fails.
    """
    _refuse_when_running(home)
    home.mkdir(parents=True, exist_ok=True)
    try:
        return _start(home, tls, port, customization_jobs if with_bedrock else None)
    except BaseException:
        down(home)
        raise


def _refuse_when_running(home: Path) -> None:
    running = [name for name in (EMULATOR, BEDROCK) if processes.find(home, name)]
    if running:
        raise LocalAwsError(
            f"A local AWS already runs in {home} ({', '.join(running)}). Use it, or stop it: python -m local down "
            f"--home {home}"
        )


def _start(home: Path, tls: bool, port: int | None, customization_jobs: int | None) -> Instance:
    """Without a number of customization jobs there is no local Bedrock."""
    port = port or processes.free_port()
    processes.require_free(port)
    emulator_url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
    bedrock_url = f"http://127.0.0.1:{processes.free_port()}" if customization_jobs is not None else None
    ca_bundle = home / "tls" / "ca.pem" if tls else None
    emulator_pid = _start_emulator(home, emulator_url, bedrock_url, tls)
    processes.wait_until_healthy(home, EMULATOR, emulator_url + _HEALTH[EMULATOR], ca_bundle, _START_SECONDS[EMULATOR])
    bedrock_pid = None
    if bedrock_url and customization_jobs is not None:
        bedrock_pid = _start_bedrock(home, bedrock_url, emulator_url, ca_bundle, customization_jobs)
    instance = Instance(
        emulator_url=emulator_url,
        emulator_pid=emulator_pid,
        bedrock_url=bedrock_url,
        bedrock_pid=bedrock_pid,
        ca_bundle=str(ca_bundle) if ca_bundle else None,
    )
    write_state(home, instance)
    return instance


def _start_emulator(home: Path, url: str, bedrock_url: str | None, tls: bool) -> int:
    options = ["--bedrock-url", bedrock_url] if bedrock_url else []
    options += ["--tls"] if tls else []
    python = ensure_environment(EMULATOR)
    return processes.start(
        home,
        EMULATOR,
        [str(python), "-m", "local.emulator", "--port", url.rsplit(":", 1)[1], "--home", str(home), *options],
    )


def _start_bedrock(home: Path, url: str, emulator_url: str, ca_bundle: Path | None, customization_jobs: int) -> int:
    python = ensure_environment(BEDROCK)
    command = [
        str(python),
        "-m",
        "local.bedrock",
        "--port",
        url.rsplit(":", 1)[1],
        "--emulator-url",
        emulator_url,
        "--home",
        str(home),
        "--customization-jobs",
        str(customization_jobs),
    ]
    pid = processes.start(home, BEDROCK, command, _bedrock_environment(ca_bundle))
    processes.wait_until_healthy(home, BEDROCK, url + _HEALTH[BEDROCK], None, _START_SECONDS[BEDROCK])
    return pid


def _bedrock_environment(ca_bundle: Path | None) -> dict[str, str]:
    return environment_without_aws() | ({"AWS_CA_BUNDLE": str(ca_bundle)} if ca_bundle else {})


def status(home: Path) -> dict[str, bool]:
    """Which of the processes run, by name."""
    return {name: processes.find(home, name) is not None for name in (EMULATOR, BEDROCK)}


def is_there(home: Path) -> bool:
    """Whether an instance was left in `home`: one that runs, or what a crash left of one."""
    return state_file(home).exists() or any(status(home).values())


def what_ails(home: Path) -> str:
    """Why the instance in `home` cannot be used, as in "bedrock has ended"; empty where both processes answer."""
    try:
        instance = read_state(home)
    except LocalAwsError:
        return f"{state_file(home).name} is missing or cannot be read"
    for name, url, ca_bundle in (
        (EMULATOR, instance.emulator_url, instance.ca_bundle),
        (BEDROCK, instance.bedrock_url, None),
    ):
        if url is None or processes.find(home, name) is None:
            return f"{name} has ended" if url else f"it was started without {name}"
        # A machine under load may miss one look.
        bundle = Path(ca_bundle) if ca_bundle else None
        if not any(processes.answers(url + _HEALTH[name], bundle) for _ in range(_LOOKS)):
            return f"{name} does not answer"
    return ""


def down(home: Path) -> list[str]:
    """Stop what runs in `home`, also after a crash, and remove its scratch files; returns the names of what was
    stopped. Logs and stored models stay.
    """
    stopped = [name for name in (BEDROCK, EMULATOR) if processes.stop(home, name)]
    state_file(home).unlink(missing_ok=True)
    shutil.rmtree(home / "scratch", ignore_errors=True)
    return stopped


def running_instance(home: Path) -> Instance:
    """The instance in `home`, after a look that its emulator still runs."""
    instance = read_state(home)
    if processes.find(home, EMULATOR) is None:
        raise LocalAwsError(
            f"The local AWS in {home} is not running any more (see {processes.log_file(home, EMULATOR)}). Run: "
            "python -m local down, then up"
        )
    return instance
