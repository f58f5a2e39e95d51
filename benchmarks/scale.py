"""What a million replies take, state by state, and what that makes of ten million prompts.

Each handler runs alone in a process, over files in the place of S3. What a state that sees every prompt takes from its
first line to its end, divided by the prompts, is what a prompt costs: the fixed part is in it, so it is rather too
much. The others see a shard, of as many records as a batch job of Bedrock takes. Seconds are the processor's, so that a
busy machine changes little; the time of S3 is not in them. Then the same run goes through the deployed functions on the
local AWS, whose S3 is in them.
"""

import io
import json
import re
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import boto3
from botocore.config import Config
from rich.console import Console

from benchmarks.environments import BenchmarkFailed, measure
from benchmarks.replies.reply_records import DATASET, LAYOUT, RUN_ID, SAMPLES, SETTINGS, Planted, write_run
from distillation.dataset.manifest import Manifest
from distillation.layout import RunLayout
from distillation.records import decode_json
from distillation.run.config import RunConfig
from distillation.run.fan_out import (
    BATCH_SHARD,
    FIRST_LOOK,
    FIXED,
    REDUCTION,
    doublings_within,
    expected_events,
    fan_out,
    shard_records,
)
from infra.packaging.machine_text import whole_machine
from infra.pipeline_functions import SIZES, pascal
from local import lifecycle
from local.deploy import deploy
from local.instance import Instance
from local.progress import Progress

PROMPTS, REPEATS = 250_000, 3
"""A million replies; and how often a state that sees every prompt is measured."""
SHARDS = 1_000
"""Through the machine, with functions that do nothing."""
SHARD_RECORDS = 50_000
BEYOND = 10_000_000
"""Prompts that nobody has run: the figures are a straight line."""
ASKED = 2_000_000
"""Prompts of five answers, which are ten million requests: what PrepareRun plans for them."""
WHOLE = ("prepare_run", "plan_requests", "plan_requests, all answered before", "assemble_dataset")
"""States that see every prompt; the others see a shard."""
_UNBOUND = {"maxUsdPerRun": "1000000", "maxUsdPerMonth": "1000000"}
"""The deployment would refuse a run of this size, by its ceiling of 100 USD."""
RUN = {"runId": RUN_ID, "dataset": DATASET}
AGAIN = {"runId": f"{RUN_ID}-again", "dataset": DATASET}
# glibc raises the size from which it gives blocks back at once, up to 32 MB, by what a process has freed. Arrays below
# it leave holes: some 60 MB at this size, a fifth of that at four times the size. A fixed one (M_MMAP_THRESHOLD is -3)
# shows what the state holds.
_STATE = """
import ctypes; ctypes.CDLL(None).mallopt(-3, 4 << 20)
import importlib, json, sys, time
from pathlib import Path
from benchmarks.replies.run_folder import NoHurry, folder_services
handler, services = importlib.import_module("handlers." + sys.argv[2]), folder_services(Path(sys.argv[1]))
def megabytes():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if "VmHWM" in line) / 1024
before, begun = megabytes(), time.process_time()
handler.run(json.loads(sys.argv[3]), services, NoHurry())
print(json.dumps({"seconds": time.process_time() - begun, "atStart": before, "peak": megabytes()}))
"""

_STUB = """
import json, boto3
def handler(event, context):
    if "token" in event:
        boto3.client("stepfunctions").send_task_success(
            taskToken=event["token"], output=json.dumps({"status": "Completed", "outcome": "succeeded"})
        )
    return {"jobName": "stub", "missing": 0, "counts": {}}
"""


def states(
    root: Path, prompts: int, shard_records: int = SHARD_RECORDS, repeats: int = REPEATS
) -> dict[str, dict[str, float]]:
    """Every state over a run of `prompts` prompts that is written into `root`: calls, seconds of all, and of the call
    that took most memory its MB; of a state that sees every prompt the medians of `repeats`, and their spread.

    Raises BenchmarkFailed where a prompt is lost on the way.
    """
    planted = write_run(root, prompts, shard_records)
    settings = SETTINGS | {"batches": {"maxShardRecords": shard_records}}
    plan = json.loads((root / LAYOUT.wave_plan(0)).read_bytes())
    prepared = {"executionName": RUN_ID, "startedAt": "2026-01-01T00:00:00Z"}
    shards = [{"run": RUN, "stage": "answers", "wave": 0, "shard": shard["shard"]} for shard in plan["shards"]]
    whole = partial(_repeated, root, repeats)
    found = {
        "prepare_run": whole("prepare_run", {"input": settings, **prepared}, [LAYOUT.run]),
        "plan_requests": whole("plan_requests", {"run": RUN}, _of_plan(RUN)),
        "read_replies": _all(root, "read_replies", shards),
        "reduce_shard": _all(root, "reduce_shard", [{"run": RUN, "shard": n} for n in range(plan["promptShards"])]),
        "assemble_dataset": whole("assemble_dataset", {"run": RUN}, []),
    }
    _check(root, planted)
    _all(root, "prepare_run", [{"input": settings | {"runId": AGAIN["runId"]}, **prepared}])
    found["plan_requests, all answered before"] = whole("plan_requests", {"run": AGAIN}, _of_plan(AGAIN))
    if not json.loads((root / RunLayout(AGAIN["runId"]).wave_plan(0)).read_bytes())["cached"]:
        raise BenchmarkFailed("a second run of the same prompts found no answer of the first")
    return found


def _of_plan(run: dict[str, str]) -> list[str]:
    """Keys by which PlanRequests sees that it ran before."""
    layout = RunLayout(run["runId"])
    return [layout.wave_plan(0), *(layout.cached_answers(part) for part in range(SHARDS))]


def _repeated(root: Path, repeats: int, state: str, event: dict[str, Any], made: list[str]) -> dict[str, float]:
    """A state that does nothing where the files `made` are there, as in a rerun: so they go before each repeat."""
    each = []
    for _ in range(repeats):
        for key in made:
            (root / key).unlink(missing_ok=True)
        each.append(_all(root, state, [event]))
    middle = {name: median(_of(each, name)) for name in each[0]}
    spread = {f"{name}Spread": max(_of(each, name)) - min(_of(each, name)) for name in ("seconds", "peak")}
    return middle | spread


def _of(each: Iterable[dict[str, float]], name: str) -> list[float]:
    return [one[name] for one in each]


def _all(root: Path, state: str, events: list[dict[str, Any]]) -> dict[str, float]:
    each = [
        json.loads(measure(Path(sys.executable), ["-c", _STATE, str(root), state, json.dumps(event)], root))
        for event in events
    ]
    seconds = _of(each, "seconds")
    return {
        "calls": len(each),
        "seconds": sum(seconds),
        "longest": max(seconds),
        "atStart": max(_of(each, "atStart")),
        "peak": max(_of(each, "peak")),
    }


def through_lambdas(root: Path, home: Path, shard_records: int = SHARD_RECORDS) -> dict[str, dict[str, float]]:
    """The run in `root` by the deployed functions of a local AWS in `home`, called one after the other: seconds until
    they answer, and the most memory of their processes, in MB.
    """
    instance = lifecycle.up(home)
    try:
        bucket = deploy(home, Progress(), context=_UNBOUND)["BucketName"]
        client = _clients(instance)
        begun, replies = (
            time.monotonic(),
            [*(root / "seeds").rglob("*"), *(root / LAYOUT.root / "3-replies").rglob("*")],
        )
        for file in replies:
            if file.is_file():
                client("s3").upload_file(str(file), bucket, str(file.relative_to(root)))
        found = {"replies into S3": {"calls": 1, "seconds": time.monotonic() - begun, "peak": 0.0}}
        functions = client("lambda")
        names = [
            one["FunctionName"] for one in functions.get_paginator("list_functions").paginate().search("Functions")
        ]
        settings = SETTINGS | {"batches": {"maxShardRecords": shard_records}, "pilot": 0}
        prepared = {"executionName": RUN_ID, "startedAt": "2026-01-01T00:00:00Z", "input": settings}
        call = partial(_called, functions, names)
        found["prepare_run"] = call("prepare_run", [prepared])[0]
        found["plan_requests"], [plan] = call("plan_requests", [{"run": RUN}])
        shards = [{"run": RUN, "stage": "answers", "wave": 0, "shard": shard["shard"]} for shard in plan["shards"]]
        parts = [{"run": RUN, "shard": number} for number in range(plan["promptShards"])]
        found["read_replies"] = call("read_replies", shards)[0]
        found["reduce_shard"] = call("reduce_shard", parts)[0]
        found["assemble_dataset"], [made] = call("assemble_dataset", [{"run": RUN}])
        return found | {"counts": made["counts"]}
    finally:
        lifecycle.down(home)


def through_machine(home: Path, shards: int) -> dict[str, float]:
    """`shards` shards through the machine's own Maps of answers and reductions on a local AWS in `home`; functions are
    stubs that end at once. `tasks` that ended well, `eventsHere` that the local machine wrote (fewer kinds than AWS),
    and `events` that AWS would write by the product's own count.
    """
    instance = lifecycle.up(home, with_bedrock=False)
    try:
        client = _clients(instance)
        role, code = "arn:aws:iam::000000000000:role/stub", io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("stub.py", _STUB)
        stub = client("lambda").create_function(
            FunctionName="stub",
            Runtime="python3.13",
            Role=role,
            Handler="stub.handler",
            Code={"ZipFile": code.getvalue()},
        )["FunctionArn"]
        machines, begun = client("stepfunctions"), time.monotonic()
        text = re.sub(r"\$\{\w+Arn\}", stub, json.dumps(_maps_alone(shards)))
        text = re.sub(r"\$\{\w+\}", str(FIRST_LOOK), text)
        machine = machines.create_state_machine(name="maps", roleArn=role, definition=text)["stateMachineArn"]
        execution = machines.start_execution(stateMachineArn=machine, input="{}")["executionArn"]
        while (ended := machines.describe_execution(executionArn=execution))["status"] == "RUNNING":
            time.sleep(1)
        if ended["status"] != "SUCCEEDED":
            raise BenchmarkFailed(f"the machine's Maps ended as {ended['status']}: {ended.get('cause', '')}")
        seconds = time.monotonic() - begun
        pages = machines.get_paginator("get_execution_history").paginate(executionArn=execution)
        kinds = Counter(event["type"] for page in pages for event in page["events"])
    finally:
        lifecycle.down(home)
    return {
        "shards": shards,
        "seconds": seconds,
        "tasks": kinds["TaskSucceeded"],
        "eventsHere": kinds.total(),
        "events": FIXED + shards * (BATCH_SHARD + REDUCTION),
    }


def _maps_alone(shards: int) -> dict[str, Any]:
    """The machine's Maps of answers and reductions, as they stand in it."""
    states = whole_machine()["States"]
    maps = {name: {**states[name], "Catch": []} for name in ("AnswerShards", "ReduceShards")}
    maps["AnswerShards"]["Next"] = "ReduceShards"
    maps["ReduceShards"] = {k: v for k, v in maps["ReduceShards"].items() if k != "Next"} | {"End": True}
    given = {
        "run": RUN | {"doublings": 0, "cutOff": ""},
        "stage": "answers",
        "wave": 0,
        "maxConcurrent": 10,
        "promptShards": shards,
        "shards": [{"shard": number, "route": "batch", "records": SHARD_RECORDS} for number in range(shards)],
    }
    begin = {"Type": "Pass", "Assign": given, "Next": "AnswerShards"}
    return {"QueryLanguage": "JSONata", "StartAt": "Begin", "States": {"Begin": begin, **maps}}


def _clients(instance: Instance) -> Callable[[str], Any]:
    """Clients of the local AWS by service."""
    return partial(
        boto3.client,
        region_name=instance.region,
        endpoint_url=instance.emulator_url,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106  # what the local AWS takes
        config=Config(read_timeout=900, retries={"total_max_attempts": 1}),
    )


def _called(client: Any, names: list[str], state: str, events: list[Any]) -> tuple[dict[str, float], list[Any]]:
    [name] = [name for name in names if pascal(state) in name]
    seconds, answers = [], []
    for event in events:
        begun = time.monotonic()
        answer = client.invoke(FunctionName=name, Payload=json.dumps(event))
        seconds.append(time.monotonic() - begun)
        answers.append(json.loads(answer["Payload"].read()))
        if "FunctionError" in answer:
            raise BenchmarkFailed(f"{state} failed: {answers[-1]}")
    peak = max(_peak(process) for process in Path("/proc").glob("[0-9]*") if name in _command(process))
    return {"calls": len(events), "seconds": sum(seconds), "longest": max(seconds), "peak": peak}, answers


def _command(process: Path) -> str:
    try:
        return (process / "cmdline").read_text()
    except OSError:
        return ""


def _peak(process: Path) -> float:
    status = (process / "status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if "VmHWM" in line) / 1024


def _check(root: Path, planted: Planted) -> None:
    manifest = decode_json((root / LAYOUT.dataset("manifest.json")).read_bytes(), Manifest)
    if manifest.counts["prompts"] != planted.prompts:
        raise BenchmarkFailed(f"{planted.prompts:,} prompts went in, {manifest.counts['prompts']:,} came out")


def planned() -> dict[str, int]:
    """What PrepareRun plans for `ASKED` prompts by default: `events` that Step Functions writes where every job takes
    as long as it may and every event of Bedrock is lost, and where none is.
    """
    config = RunConfig.from_json({"dataset": DATASET, "runId": RUN_ID})
    records = shard_records(config, ASKED)
    wide, doublings = fan_out(config, ASKED, records), doublings_within(config, ASKED, records)
    return {
        "requests": ASKED * (config.sampling.greedy + config.sampling.sampled),
        "jobs": wide["batch shards"],
        "records": records,
        "events": expected_events(wide, config.batches.timeout_hours, doublings),
        "eventsAtBest": expected_events(wide, 0, doublings),
    }


def run(console: Console, prompts: int = PROMPTS, shards: int = SHARDS) -> dict[str, Any]:
    """Every state over `prompts` prompts, the same through the functions, and `shards` shards through the machine."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "run"
        console.print(f"{prompts:,} prompts, {prompts * SAMPLES:,} replies, state by state")
        found = states(root, prompts)
        console.print("The same through the functions")
        lambdas = through_lambdas(root, Path(scratch) / "aws")
        machine = through_machine(Path(scratch) / "machine", shards)
    if lambdas["counts"]["prompts"] != prompts:
        raise BenchmarkFailed(f"{prompts:,} prompts went in, {lambdas['counts']['prompts']:,} came out")
    return {
        "prompts": prompts,
        "replies": prompts * SAMPLES,
        "shard": SHARD_RECORDS,
        "repeats": REPEATS,
        "states": found,
        "lambdas": lambdas,
        "machineMaps": machine,
        "planned": planned(),
        "whole": {state: _of_a_prompt(state, found[state], prompts) for state in WHOLE},
    }


def _of_a_prompt(state: str, one: dict[str, float], prompts: int) -> dict[str, float]:
    """What a prompt costs, and how many fit into nine tenths of the function's memory and time."""
    given = SIZES[state.partition(",")[0]]
    size, seconds = (one["peak"] - one["atStart"]) * 2**20 / prompts, one["seconds"] / prompts
    return {
        "bytes": size,
        "bytesSpread": one["peakSpread"] * 2**20 / prompts,
        "microseconds": seconds * 1e6,
        "microsecondsSpread": one["secondsSpread"] * 1e6 / prompts,
        "given": given.memory,
        "inMemory": (given.memory * 0.9 - one["atStart"]) * 2**20 / size,
        "inTime": given.seconds * 0.9 / seconds,
        "beyondGb": one["atStart"] / 1024 + BEYOND * size / 2**30,
        "beyondSeconds": BEYOND * seconds,
    }
