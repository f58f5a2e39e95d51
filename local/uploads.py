"""Upload seeds as a user does, and find the run that EventBridge starts for them."""

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import boto3

from local.errors import LocalAwsError
from local.instance import Instance

if TYPE_CHECKING:
    from types_boto3_stepfunctions import SFNClient

SEED_SUFFIXES = (".jsonl", ".jsonl.gz", ".csv", ".csv.gz")
_START_SECONDS = 60.0


def dataset_name(seeds: Path) -> str:
    """A dataset's name (1-32 of a-z, 0-9 and hyphens) from a file's name."""
    stem = next(
        seeds.name[: -len(suffix)]
        for suffix in sorted(SEED_SUFFIXES, key=len, reverse=True)
        if seeds.name.lower().endswith(suffix)
    )
    return re.sub(r"[^a-z0-9]+", "-", stem.lower())[:32].strip("-") or "seeds"


def check_seed_file(seeds: Path) -> None:
    """A `LocalAwsError` for a file that is not there or that no upload rule takes."""
    if not seeds.is_file():
        raise LocalAwsError(f"There is no file {seeds}. Nothing was started.")
    if not seeds.name.lower().endswith(SEED_SUFFIXES):
        raise LocalAwsError(
            f"{seeds.name} is no seed file: its name must end in {', '.join(SEED_SUFFIXES)}. Nothing was started."
        )


def upload(instance: Instance, bucket: str, dataset: str, seeds: Path, settings: Path | None) -> None:
    """Put the files as they are to seeds/<dataset>/: the settings first, because the seeds' arrival starts the run."""
    s3 = _session(instance).client("s3", endpoint_url=instance.emulator_url, verify=instance.ca_bundle)
    if settings:
        s3.upload_file(str(settings), bucket, f"seeds/{dataset}/input.json")
    s3.upload_file(str(seeds), bucket, f"seeds/{dataset}/{seeds.name}")


def read_too(instance: Instance, bucket: str, dataset: str, seeds: Path, settings: Path | None) -> list[str]:
    """Names of the files in seeds/<dataset>/ that an upload of these files leaves as they are: its run reads them."""
    s3 = _session(instance).client("s3", endpoint_url=instance.emulator_url, verify=instance.ca_bundle)
    prefix, replaced = f"seeds/{dataset}/", {seeds.name, *(["input.json"] if settings else [])}
    found = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    return sorted({one["Key"].removeprefix(prefix) for one in found} - replaced)


def newest_execution(instance: Instance, state_machine: str) -> str | None:
    """The ARN of the machine's latest execution."""
    return _newest(_states(instance), state_machine)


def await_execution(instance: Instance, state_machine: str, before: str | None = None) -> str:
    """The ARN of the first execution of the machine after `before`, as soon as there is one."""
    client = _states(instance)
    deadline = time.monotonic() + _START_SECONDS
    while not (arn := _newest(client, state_machine)) or arn == before:
        if time.monotonic() > deadline:
            raise LocalAwsError(
                f"The upload started no run within {_START_SECONDS:.0f} s. See emulator.log beside the instance's "
                "state.json."
            )
        time.sleep(0.2)
    return arn


def _newest(client: "SFNClient", state_machine: str) -> str | None:
    executions = client.list_executions(stateMachineArn=state_machine, maxResults=1)["executions"]
    return executions[0]["executionArn"] if executions else None


def _states(instance: Instance) -> "SFNClient":
    return _session(instance).client("stepfunctions", endpoint_url=instance.emulator_url, verify=instance.ca_bundle)


def _session(instance: Instance) -> boto3.session.Session:
    return boto3.session.Session("test", "test", region_name=instance.region)
