"""One running local AWS: its folder, its state file, and the environment variables that point an AWS client at it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from local.errors import LocalAwsError

ACCOUNT = "000000000000"
REGION = "us-east-1"


@dataclass(frozen=True)
class Instance:
    """What `state.json` says. `caBundle` is set where the emulator speaks TLS. `bedrockUrl` and `bedrockPid` are None where it runs without Bedrock."""

    emulatorUrl: str
    emulatorPid: int
    bedrockUrl: str | None
    bedrockPid: int | None
    region: str = REGION
    caBundle: str | None = None

    def environment(self) -> dict[str, str]:
        """Variables for boto3, the CDK CLI and the AWS CLI."""
        variables = {
            "AWS_ENDPOINT_URL": self.emulatorUrl,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
        }
        if self.bedrockUrl:
            variables |= {"AWS_ENDPOINT_URL_BEDROCK": self.bedrockUrl, "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": self.bedrockUrl}
        if self.caBundle:
            variables |= {"AWS_CA_BUNDLE": self.caBundle, "NODE_EXTRA_CA_CERTS": self.caBundle}
        return variables


def state_file(home: Path) -> Path:
    """Where the state of the instance in `home` is written."""
    return home / "state.json"


def write_state(home: Path, instance: Instance) -> None:
    """Save the state, so that other commands find the instance."""
    state_file(home).write_text(json.dumps(asdict(instance), indent=2) + "\n", encoding="utf-8")


def read_state(home: Path) -> Instance:
    """The state of the instance in `home`; a `LocalAwsError` where there is none."""
    try:
        return Instance(**json.loads(state_file(home).read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise LocalAwsError(f"No local AWS in {home}. Start it: python -m local up") from None
    except (ValueError, TypeError) as error:
        raise LocalAwsError(f"{state_file(home)} cannot be read ({error}). Run: python -m local down, then up") from error
