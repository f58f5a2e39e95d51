"""The machine's text: the story in `statemachine/`, with the policy that each state has by rule.

The file tells what each state takes, does and leaves. How often a task is tried again, how long it may take and where a
failure goes is the same for nearly all of them, so it stands here once; a state that says otherwise keeps its own.
`python -m infra.packaging.machine_text` prints the whole definition as AWS gets it, for Workflow Studio.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import typer

from infra.packaging.wheels import ROOT

DEFINITION = ROOT / "statemachine" / "distillation.asl.json"

State = dict[str, Any]

# Two customization jobs an account, twenty batch jobs a model: what holds them lasts for hours. These delays add up to
# three days; one try costs three of the run's 25,000 events.
QUOTA_FULL = {
    "ErrorEquals": ["QuotaFull"],
    "IntervalSeconds": 30,
    "BackoffRate": 2,
    "MaxDelaySeconds": 3600,
    "MaxAttempts": 80,
}
THROTTLED = {
    "ErrorEquals": ["ThrottledByBedrock"],
    "IntervalSeconds": 20,
    "BackoffRate": 2,
    "MaxDelaySeconds": 600,
    "MaxAttempts": 12,
    "JitterStrategy": "FULL",
}
# What another run asks may be under way for a day and its retries; these delays add up to three days.
OTHER_RUN = {
    "ErrorEquals": ["OtherRunAsks"],
    "IntervalSeconds": 15,
    "BackoffRate": 2,
    "MaxDelaySeconds": 900,
    "MaxAttempts": 295,
}
# An active deployment is known to the runtime minutes later; these delays add up to 19 minutes.
NOT_READY = {
    "ErrorEquals": ["DeploymentNotReady"],
    "IntervalSeconds": 10,
    "BackoffRate": 2,
    "MaxDelaySeconds": 120,
    "MaxAttempts": 12,
}
# A new account runs ten functions at once, and those of other runs may hold them for their 15 minutes.
NO_LAMBDA_FREE = {
    "ErrorEquals": ["Lambda.TooManyRequestsException"],
    "IntervalSeconds": 2,
    "BackoffRate": 2,
    "MaxDelaySeconds": 300,
    "MaxAttempts": 30,
    "JitterStrategy": "FULL",
}
LAMBDA_FAILED = {
    "ErrorEquals": [
        "Lambda.ServiceException",
        "Lambda.AWSLambdaException",
        "Lambda.SdkClientException",
        "Lambda.Unknown",
        "Sandbox.Timedout",
        "Runtime.ExitError",
        "Transient",
    ],
    "IntervalSeconds": 2,
    "BackoffRate": 2,
    "MaxDelaySeconds": 120,
    "MaxAttempts": 5,
    "JitterStrategy": "FULL",
}
MESSAGE_FAILED = {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 2, "BackoffRate": 2, "MaxAttempts": 3}

_WAIT = "arn:aws:states:::lambda:invoke.waitForTaskToken"
_RETRY = [QUOTA_FULL, THROTTLED, NOT_READY, NO_LAMBDA_FREE, LAMBDA_FAILED]
_POLICY: dict[str, State] = {
    # A minute more than a function may take: its own clock starts later and has to end first, since `Sandbox.Timedout`
    # is tried again and `States.Timeout` is not.
    "arn:aws:states:::lambda:invoke": {"TimeoutSeconds": 960, "Retry": _RETRY},
    _WAIT: {"TimeoutSeconds": 604_800, "Retry": _RETRY},
    "arn:aws:states:::sns:publish": {"TimeoutSeconds": 60, "Retry": [MESSAGE_FAILED]},
}
# A job -> the time until the first look at it, and how often that may double. Bedrock tells the end of batch and tuning
# jobs by an event; the others are only looked at. PrepareRun says what the run's budget of events allows.
_ALLOWED = "$states.input.run.doublings"
_LOOKS = {
    "batch": ("AwaitHeartbeatSeconds", _ALLOWED),
    "tuning": ("AwaitHeartbeatSeconds", _ALLOWED),
    "evaluation": ("DeploymentHeartbeatSeconds", f"4 + {_ALLOWED}"),
    "deployment": ("DeploymentHeartbeatSeconds", "4"),
    "promotion": ("DeploymentHeartbeatSeconds", "4"),
}

# A batch job is looked at when the run's deadline cuts it off, and every minute while it stops. Without a cut-off the
# condition has no value, and $min passes it by.
_CUT_OFF = (
    ", $states.input.run.cutOff ? $max([60, 1 + $ceil(($toMillis($states.input.run.cutOff) - $millis()) / 1000)])"
)


class PlaceholdersDoNotMatch(ValueError):
    """The definition and the deployment do not name the same `${...}` values."""


def whole_machine(file: Path = DEFINITION) -> dict[str, Any]:
    """The definition of `file` with every state's policy."""
    machine: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    for name, state in states_of(machine):
        if name in ("PlanExpansion", "PlanRequests"):
            state["Retry"] = [OTHER_RUN, *_RETRY]
        for key, value in _POLICY.get(state.get("Resource", ""), {}).items():
            state.setdefault(key, value)
        if state.get("Resource") == _WAIT and "HeartbeatSeconds" not in state:
            _look_again(name, state)
        # A state inside a Map has no rail of its own: its failure is the Map's.
        if name in machine["States"] and state["Type"] in ("Task", "Map"):
            _add_rail(name, state)
    return machine


def _look_again(name: str, wait: State) -> None:
    """The heartbeat of a wait for a job, and the way back into the wait when it stays silent, each time for longer."""
    kind = wait["Arguments"]["Payload"]["kind"]
    first, doublings = _LOOKS[kind]
    looked = f"$states.input.looks.{name}"
    times = f"$power(2, $min([{doublings}, $sum([0, {looked}])]))"
    wait["HeartbeatSeconds"] = f"{{% $min([86400, ${{{first}}} * {times}{_CUT_OFF if kind == 'batch' else ''}]) %}}"
    counted = f"{{% $merge([$states.input, {{'looks': {{'{name}': $sum([1, {looked}])}}}}]) %}}"
    # AWS's documents name the one, a recording of AWS shows the other.
    silent = ["States.HeartbeatTimeout", "States.Timeout"]
    wait["Catch"] = [{"ErrorEquals": silent, "Output": counted, "Next": name}, *wait.get("Catch", [])]


def _add_rail(name: str, state: State) -> None:
    """The way to the failure rail, unless the state has its own for every error."""
    caught = state.setdefault("Catch", [])
    if not any("States.ALL" in catch["ErrorEquals"] for catch in caught):
        failure = {
            "state": name,
            "error": "{% $states.errorOutput.Error %}",
            "cause": "{% $states.errorOutput.Cause %}",
        }
        caught.append({"ErrorEquals": ["States.ALL"], "Output": failure, "Next": "RetireAfterFailure"})


def states_of(machine: Mapping[str, Any]) -> Iterator[tuple[str, State]]:
    """Every state by name, those inside a Map too."""
    for name, state in machine["States"].items():
        yield name, state
        if "ItemProcessor" in state:
            yield from states_of(state["ItemProcessor"])


def definition_text(file: Path, substitutions: Mapping[str, str]) -> str:
    """The whole definition without white space.

    Raises PlaceholdersDoNotMatch unless each placeholder has a value and each value a placeholder.
    """
    text = json.dumps(whole_machine(file), ensure_ascii=False, separators=(",", ":"))
    placeholders = set(re.findall(r"\$\{(\w+)\}", text))
    missing, unused = sorted(placeholders - substitutions.keys()), sorted(substitutions.keys() - placeholders)
    if missing or unused:
        hint = (
            "A Task's placeholder is its handler's name in PascalCase with Arn, and every function in the table of "
            "infra/pipeline_functions.py is used."
        )
        raise PlaceholdersDoNotMatch(
            f"{file.name}: no value for {missing}; values that no state uses: {unused}. {hint}"
        )
    return text


if __name__ == "__main__":
    typer.echo(json.dumps(whole_machine(), ensure_ascii=False, indent=2))
