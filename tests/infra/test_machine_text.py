"""Every state's policy, from one table; and that the whole machine is one that AWS would take."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from infra.machine_text import DEFINITION, State, states_of, whole_machine
from infra.pipeline_functions import SIZES, pascal
from infra.wheels import ROOT

LAMBDA = "QuotaFull x80, ThrottledByBedrock x12, Lambda.TooManyRequestsException x30, Lambda.ServiceException x5"
MESSAGE = "States.ALL x3"
RAIL = "States.ALL -> RetireAfterFailure"
AGAIN = "States.HeartbeatTimeout, States.Timeout -> itself"

# What is said of a state: what is tried again and how often | time limit | heartbeat | what is caught.
POLICIES: dict[str, str] = {
    f"{LAMBDA} | 960 | none | {RAIL}": """
        PrepareRun PlanExpansion PlanRequests ReadExpansion PlanRetryWave PlanRatings AssembleDataset PlanPredictions
        PlanJudging PlanComparisons ScoreRun WriteReport PromoteStudent VerifyPromotion RetireStudent""",
    f"{LAMBDA} | 960 | none | nothing": """
        StartBatch ReadReplies AnswerNow ReduceShard StartTuning StartDeployment StartPredictions ReadPredictions
        PredictArm StartJudging""",
    f"{LAMBDA} | 604800 | AwaitHeartbeatSeconds | {AGAIN}": "AwaitBatch AwaitTuning AwaitPredictions",
    f"{LAMBDA} | 604800 | DeploymentHeartbeatSeconds | {AGAIN}": "AwaitDeployment AwaitJudging",
    f"{LAMBDA} | 604800 | DeploymentHeartbeatSeconds | {AGAIN}, {RAIL}": "AwaitPromotion AwaitWayBack",
    f"{LAMBDA} | 31622400 | approvalHours | States.HeartbeatTimeout, States.Timeout -> RetireStudent, {RAIL}": """
        AwaitApproval""",
    f"{LAMBDA} | 960 | none | States.ALL -> WriteFailureReport": "RetireAfterFailure",
    f"{LAMBDA} | 960 | none | States.ALL -> NotifyFailed": "WriteFailureReport",
    f"{MESSAGE} | 60 | none | States.ALL -> AwaitApproval": "AskForApproval",
    f"{MESSAGE} | 60 | none | States.ALL -> RunSucceeded": "NotifySucceeded",
    f"{MESSAGE} | 60 | none | States.ALL -> RunFailed": "NotifyFailed",
    f"nothing | none | none | {RAIL}": "AnswerShards ReduceShards TrainStudents PredictArms JudgeArms",
}


def policy(name: str, state: State) -> str:
    """A state's policy in the words of the table."""
    tried = [f"{retry['ErrorEquals'][0]} x{retry['MaxAttempts']}" for retry in state.get("Retry", [])]
    heartbeat = re.search(r"[A-Za-z]{3,}", state.get("HeartbeatSeconds", "none"))
    caught = [
        f"{', '.join(catch['ErrorEquals'])} -> {'itself' if catch['Next'] == name else catch['Next']}"
        for catch in state.get("Catch", [])
    ]
    said = (tried, [str(state.get("TimeoutSeconds", "none"))], [heartbeat[0] if heartbeat else "?"], caught)
    return " | ".join(", ".join(words) or "nothing" for words in said)


def test_every_task_and_every_map_has_the_policy_of_the_table() -> None:
    expected = {name: said for said, names in POLICIES.items() for name in names.split()}
    working = {name: state for name, state in states_of(whole_machine()) if state["Type"] in ("Task", "Map")}
    assert {name: policy(name, state) for name, state in working.items()} == expected


def seconds_of_patience(retry: State) -> float:
    """How long a retrier goes on; one with jitter waits half of that on average."""
    delays, longest = retry["IntervalSeconds"], retry["MaxDelaySeconds"]
    return sum(min(delays * retry["BackoffRate"] ** tried, longest) for tried in range(retry["MaxAttempts"]))


def test_a_full_quota_is_waited_out_for_days_and_a_busy_account_for_an_hour() -> None:
    retries = {retry["ErrorEquals"][0]: retry for retry in whole_machine()["States"]["PrepareRun"]["Retry"]}
    assert seconds_of_patience(retries["QuotaFull"]) > 3 * 86_400
    assert "JitterStrategy" not in retries["QuotaFull"]
    assert seconds_of_patience(retries["Lambda.TooManyRequestsException"]) / 2 > 3500
    # A retrier answers for what it names alone: no error stands in two.
    named = [error for retry in retries.values() for error in retry["ErrorEquals"]]
    assert len(named) == len(set(named))


def test_a_function_ends_before_its_states_time_does() -> None:
    limits = {pascal(name): size.seconds for name, size in SIZES.items()}
    calls = [
        (name, state) for name, state in states_of(whole_machine()) if state.get("Resource", "").endswith("invoke")
    ]
    assert [name for name, state in calls if limits[name] + 30 > state["TimeoutSeconds"]] == []


def test_a_silent_wait_is_entered_again_by_either_name_of_its_silence() -> None:
    silent = {"States.HeartbeatTimeout", "States.Timeout"}
    caught = [set(catch["ErrorEquals"]) for _, state in states_of(whole_machine()) for catch in state.get("Catch", [])]
    assert [errors for errors in caught if errors & silent and errors != silent] == []


def test_a_subject_has_fewer_than_100_characters() -> None:
    subjects = [state["Arguments"]["Subject"] for _, state in states_of(whole_machine()) if "Subject" in str(state)]
    cuts = [re.fullmatch(r"\{% \$substring\(.*, 0, (\d+)\) %\}", subject) for subject in subjects if subject]
    assert [int(cut[1]) for cut in cuts if cut] == [99] * len(subjects)


def test_the_rail_is_told_which_state_failed() -> None:
    for name, state in whole_machine()["States"].items():
        rail = [catch for catch in state.get("Catch", []) if catch["Next"] == "RetireAfterFailure"]
        assert all(catch["Output"]["state"] == name for catch in rail), name
        assert all(catch == state["Catch"][-1] for catch in rail), f"{name}: what follows States.ALL is never reached"


def test_the_file_leaves_to_the_rule_what_the_rule_says() -> None:
    story, whole = dict(states_of(json.loads(DEFINITION.read_text()))), dict(states_of(whole_machine()))
    own = {
        name: sorted({"Retry", "TimeoutSeconds", "HeartbeatSeconds"} & state.keys()) for name, state in story.items()
    }
    assert {name: keys for name, keys in own.items() if keys} == {
        "AwaitApproval": ["HeartbeatSeconds", "TimeoutSeconds"]
    }
    assert all(catch in whole[name]["Catch"] for name, state in story.items() for catch in state.get("Catch", []))


def test_a_state_that_says_otherwise_keeps_its_own(tmp_path: Path) -> None:
    own = {
        "Retry": [],
        "TimeoutSeconds": 7,
        "HeartbeatSeconds": 3,
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "End"}],
    }
    task = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", **own}
    file = tmp_path / "machine.asl.json"
    file.write_text(json.dumps({"StartAt": "Own", "States": {"Own": task, "End": {"Type": "Succeed"}}}))
    assert whole_machine(file)["States"]["Own"] == task


def refused(machine: dict[str, Any], folder: Path) -> str:
    """What asl-validator says of a machine, its placeholders filled as at a deployment; empty if it takes it."""
    text = re.sub(r"\$\{\w+Seconds\}", "60", json.dumps(machine))
    text = re.sub(r"\$\{\w+Arn\}", "arn:aws:lambda:us-east-1:123456789012:function:name", text)
    file = folder / "whole.asl.json"
    file.write_text(text)
    command = [str(ROOT / "node_modules/.bin/asl-validator"), "--json-path", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_asl_validator_takes_the_whole_machine(tmp_path: Path) -> None:
    assert refused(whole_machine(), tmp_path) == ""


@pytest.mark.parametrize(
    ("key", "value"),
    [("Cause", "{% 'a line\nand a raw break' %}"), ("Next", "PrepareRun"), ("Sorrow", "no such field")],
)
def test_asl_validator_refuses_what_aws_refuses(tmp_path: Path, key: str, value: str) -> None:
    machine = whole_machine()
    machine["States"]["RunFailed"][key] = value
    assert "RunFailed" in refused(machine, tmp_path)
