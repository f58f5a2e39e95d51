"""Deploy the project's CDK app into the local AWS, with the real CDK CLI: the same template as on AWS, with a few ordinary settings."""

import platform
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from local.commands import run_logged
from local.errors import LocalAwsError
from local.instance import ACCOUNT, REGION, Instance
from local.lifecycle import running_instance
from local.paths import NODE_MODULES, PROJECT
from local.progress import Progress

STACK = "NovaDistill"
_CDK = NODE_MODULES / ".bin" / "cdk"
_QUIET = ("--no-notices", "--no-color", "--ci")


def deploy(home: Path, progress: Progress, *, context: dict[str, str] | None = None, app_folder: Path = PROJECT) -> dict[str, str]:
    """Bootstrap, synthesise and deploy; returns the stack's outputs by name. `context` overrides or adds CDK context values."""
    instance, log = running_instance(home), home / "deploy.log"
    if not _CDK.exists():
        raise LocalAwsError("The CDK CLI is not installed. Run: make install")
    log.unlink(missing_ok=True)
    with progress.step("synthesise the app, bootstrap the account"), ThreadPoolExecutor() as pool:
        # Both take seconds and neither needs the other.
        for done in [pool.submit(_bootstrap, instance, log), pool.submit(_synthesise, instance, home, log, local_context() | (context or {}), app_folder)]:
            done.result()
    with progress.step(f"deploy the stack {STACK}"):
        _cdk(instance, log, ["deploy", STACK, "--app", str(_assembly(home)), "--require-approval", "never", "--outputs-file", str(_outputs(home))])
    return stack_outputs(home)


def local_context() -> dict[str, str]:
    """Ordinary settings of the app with the values that suit this machine: its processor and Python, short waits."""
    return {
        "architecture": "arm64" if platform.machine() in {"arm64", "aarch64"} else "x86_64",
        "pythonVersion": f"{sys.version_info.major}.{sys.version_info.minor}",
        "triggerQuietSeconds": "2",
        "awaitHeartbeatSeconds": "5",
        "deploymentHeartbeatSeconds": "2",
    }


def stack_outputs(home: Path) -> dict[str, str]:
    """The outputs of the stack that was deployed last into the instance in `home`."""
    try:
        return msgspec.json.decode(_outputs(home).read_bytes(), type=dict[str, dict[str, str]])[STACK]
    except FileNotFoundError:
        raise LocalAwsError(f"Nothing is deployed in {home}. Run: python -m local deploy") from None


def _assembly(home: Path) -> Path:
    return home / "cdk.out"


def _outputs(home: Path) -> Path:
    return home / "outputs.json"


def _bootstrap(instance: Instance, log: Path) -> None:
    # From an empty folder: beside a cdk.json the CLI would synthesise the app first.
    with tempfile.TemporaryDirectory() as empty:
        _cdk(instance, log, ["bootstrap", f"aws://{ACCOUNT}/{REGION}"], folder=Path(empty))


def _synthesise(instance: Instance, home: Path, log: Path, context: dict[str, str], app_folder: Path) -> None:
    values = [part for name, value in context.items() for part in ("--context", f"{name}={value}")]
    _cdk(instance, log, ["synth", STACK, "--quiet", "--output", str(_assembly(home)), *values], folder=app_folder)


def _cdk(instance: Instance, log: Path, arguments: list[str], folder: Path = PROJECT) -> None:
    environment = instance.environment() | {
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        # Saves three seconds; the infrastructure's tests synthesise with validation.
        "CDK_VALIDATION": "false",
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
    }
    # Without compiled files each synthesis would compile the CDK library again.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    advice = f"Next: read {log}; mend the app and run `python -m local deploy` again, or start afresh with `python -m local down`."
    run_logged([str(_CDK), *arguments, *_QUIET], log=log, environment=environment, advice=advice, folder=folder)
