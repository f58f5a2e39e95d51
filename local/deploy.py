"""Deploy the project's CDK app into the local AWS, with the real CDK CLI: the same template as on AWS, with a few
ordinary settings.
"""

import platform
import sys
import tempfile
from pathlib import Path

import msgspec

from local.commands import LoggedCommand, start_logged, wait_for_all
from local.errors import LocalAwsError
from local.instance import ACCOUNT, REGION, Instance
from local.lifecycle import running_instance
from local.paths import NODE_MODULES, PROJECT
from local.progress import Progress

STACK = "NovaDistill"
_CDK = NODE_MODULES / ".bin" / "cdk"
_QUIET = ("--no-notices", "--no-color", "--ci")


def deploy(
    home: Path, progress: Progress, *, context: dict[str, str] | None = None, app_folder: Path = PROJECT
) -> dict[str, str]:
    """Bootstrap, synthesise and deploy; returns the stack's outputs by name.

    `context` overrides or adds CDK context values.
    """
    cdk = _Cdk(running_instance(home), home)
    if not _CDK.exists():
        raise LocalAwsError("The CDK CLI is not installed. Run: make install")
    # Bootstrapping needs an empty folder: beside a cdk.json the CLI would synthesise the app first. Neither needs the
    # other's result.
    with progress.step("synthesise the app, bootstrap the account"), tempfile.TemporaryDirectory() as empty:
        wait_for_all([cdk.bootstrap(Path(empty)), cdk.synthesise(app_folder, local_context() | (context or {}))])
    with progress.step(f"deploy the stack {STACK}"):
        wait_for_all([cdk.deploy()])
    return stack_outputs(home)


def local_context() -> dict[str, str]:
    """Ordinary settings of the app with the values that suit this machine: its processor and Python, short waits."""
    arm = platform.machine() in {"arm64", "aarch64"}
    mac = {"wheelPlatform": f"{'aarch64' if arm else 'x86_64'}-apple-darwin"} if sys.platform == "darwin" else {}
    return mac | {
        "architecture": "arm64" if arm else "x86_64",
        "pythonVersion": f"{sys.version_info.major}.{sys.version_info.minor}",
        "triggerQuietSeconds": "2",
        "awaitHeartbeatSeconds": "5",
        "deploymentHeartbeatSeconds": "1",
        "retireAgainSeconds": "1",
    }


def stack_outputs(home: Path) -> dict[str, str]:
    """The outputs of the stack that was deployed last into the instance in `home`."""
    try:
        return msgspec.json.decode(_outputs(home).read_bytes(), type=dict[str, dict[str, str]])[STACK]
    except FileNotFoundError:
        raise LocalAwsError(f"Nothing is deployed in {home}. Run: python -m local deploy") from None


def _outputs(home: Path) -> Path:
    return home / "outputs.json"


class _Cdk:
    """The CDK CLI against one instance. Each method starts one command."""

    def __init__(self, instance: Instance, home: Path) -> None:
        self._home, self._assembly = home, home / "cdk.out"
        self._environment = instance.environment() | {
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            # Saves three seconds; the infrastructure's tests synthesise with validation.
            "CDK_VALIDATION": "false",
            "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
        }
        # Without compiled files each synthesis would compile the CDK library again.
        self._environment.pop("PYTHONDONTWRITEBYTECODE", None)

    def bootstrap(self, empty: Path) -> LoggedCommand:
        return self._start("bootstrap", [f"aws://{ACCOUNT}/{REGION}"], empty)

    def synthesise(self, app_folder: Path, context: dict[str, str]) -> LoggedCommand:
        values = [part for name, value in context.items() for part in ("--context", f"{name}={value}")]
        return self._start("synth", [STACK, "--quiet", "--output", str(self._assembly), *values], app_folder)

    def deploy(self) -> LoggedCommand:
        options = [
            "--app",
            str(self._assembly),
            "--require-approval",
            "never",
            "--outputs-file",
            str(_outputs(self._home)),
        ]
        return self._start("deploy", [STACK, *options], PROJECT)

    def _start(self, command: str, arguments: list[str], folder: Path) -> LoggedCommand:
        log = self._home / f"cdk-{command}.log"
        log.unlink(missing_ok=True)
        advice = "Next: mend it and run `python -m local deploy` again, or start afresh with `python -m local down`."
        return start_logged(
            [str(_CDK), command, *arguments, *_QUIET],
            log=log,
            environment=self._environment,
            advice=advice,
            folder=folder,
        )
