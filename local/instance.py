"""One running local AWS: its folder, its state file, and the environment variables that point AWS clients at it."""

import os
import sys
from pathlib import Path

import msgspec

from local.errors import LocalAwsError

ACCOUNT = "000000000000"
REGION = "us-east-1"


class Instance(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What `state.json` says.

    `ca_bundle` is set where the emulator speaks TLS; Bedrock's fields are None where the emulator runs alone.
    """

    emulator_url: str
    emulator_pid: int
    bedrock_url: str | None = None
    bedrock_pid: int | None = None
    region: str = REGION
    ca_bundle: str | None = None

    def variables(self) -> dict[str, str]:
        """Environment variables for boto3, the AWS CLI and the CDK CLI."""
        found = {
            "AWS_ENDPOINT_URL": self.emulator_url,
            "AWS_ENDPOINT_URL_BEDROCK": self.bedrock_url,
            "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": self.bedrock_url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_CA_BUNDLE": self.ca_bundle,
            "NODE_EXTRA_CA_CERTS": self.ca_bundle,
        }
        return {name: value for name, value in found.items() if value}

    def environment(self) -> dict[str, str]:
        """A whole environment for a child process that works with this instance."""
        # The interpreter of this environment stands first, so that `python3 app.py` in cdk.json is this one.
        inherited = environment_without_aws()
        path = os.pathsep.join([str(Path(sys.executable).parent), inherited.get("PATH", os.defpath)])
        return inherited | {"PATH": path} | self.variables()


def environment_without_aws() -> dict[str, str]:
    """This process's environment without any AWS setting of the user, those in their files included: nothing started
    with it can reach a real account.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return kept | {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def state_file(home: Path) -> Path:
    """Where the state of the instance in `home` is written."""
    return home / "state.json"


def write_state(home: Path, instance: Instance) -> None:
    """Save the state, so that other commands find the instance."""
    state_file(home).write_bytes(msgspec.json.format(msgspec.json.encode(instance)) + b"\n")


def read_state(home: Path) -> Instance:
    """The state of the instance in `home`; a `LocalAwsError` where there is none."""
    try:
        return msgspec.json.decode(state_file(home).read_bytes(), type=Instance)
    except FileNotFoundError:
        raise LocalAwsError(f"No local AWS in {home}. Start it: python -m local up") from None
    except msgspec.MsgspecError as error:
        raise LocalAwsError(
            f"{state_file(home)} cannot be read ({error}). Run: python -m local down, then up"
        ) from error
