"""Every state's policy, from one table; and that the whole machine is one that AWS would take."""

import json
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from distillation.records import Leftover
from distillation.run import fan_out
from distillation.run.config import MACHINE_HOURS
from distillation.run.evaluation import Serving
from infra.packaging.machine_text import DEFINITION, State, states_of, whole_machine
from infra.packaging.wheels import ROOT
from infra.pipeline_functions import SIZES, pascal
from tests.faults.matrix import CELLS

LAMBDA = (
    "QuotaFull x80, ThrottledByBedrock x12, DeploymentNotReady x12, Lambda.TooManyRequestsException x30, "
    "Lambda.ServiceException x5"
)
MESSAGE = "States.ALL x3"
RAIL = "States.ALL -> RetireAfterFailure"
AGAIN = "States.HeartbeatTimeout, States.Timeout -> itself"

# What is said of a state: what is tried again and how often | time limit | heartbeat | what is caught.
POLICIES: dict[str, str] = {
    f"{LAMBDA} | 960 | none | {RAIL}": """
        PlanPilot ReadPilot WriteApproval
        PrepareRun ReadExpansion PlanRetryWave PlanRatings AssembleDataset ChooseStudent
        PlanPredictions PlanJudging PlanComparisons ScoreRun WriteReport PromoteStudent VerifyPromotion
        RetireStudent""",
    f"OtherRunAsks x295, {LAMBDA} | 960 | none | {RAIL}": "PlanExpansion PlanRequests",
    f"{LAMBDA} | 960 | none | nothing": """
        StartBatch ReadReplies AnswerNow ReduceShard StartTuning StartDeployment StartPredictions ReadPredictions
        PredictArm StartJudging""",
    f"{LAMBDA} | 604800 | AwaitHeartbeatSeconds | {AGAIN}": "AwaitBatch AwaitTuning AwaitPredictions",
    f"{LAMBDA} | 604800 | DeploymentHeartbeatSeconds | {AGAIN}": "AwaitDeployment AwaitJudging",
    f"{LAMBDA} | 604800 | DeploymentHeartbeatSeconds | {AGAIN}, {RAIL}": "AwaitPromotion AwaitWayBack",
    f"{LAMBDA} | 8000000 | approvalHours | States.HeartbeatTimeout, States.Timeout -> WriteApproval, {RAIL}": """
        AwaitApproval""",
    f"{LAMBDA} | 8000000 | approvalHours | States.HeartbeatTimeout, States.Timeout -> SpendingDeclined, {RAIL}": """
        AwaitSpending""",
    f"{LAMBDA} | 960 | none | States.ALL -> WriteFailureReport": "RetireAfterFailure",
    f"{LAMBDA} | 960 | none | States.ALL -> NotifyFailed": "WriteFailureReport",
    f"{MESSAGE} | 60 | none | States.ALL -> AwaitApproval": "AskForApproval",
    f"{MESSAGE} | 60 | none | States.ALL -> AwaitSpending": "AskToSpend",
    f"{MESSAGE} | 60 | none | States.ALL -> RunSucceeded": "NotifySucceeded",
    f"{MESSAGE} | 60 | none | States.ALL -> RunFailed": "NotifyFailed",
    f"nothing | none | none | {RAIL}": "AnswerShards ReduceShards TrainStudents PredictArms JudgeArms",
}


def policy(name: str, state: State) -> str:
    """A state's policy in the words of the table."""
    tried = [f"{retry['ErrorEquals'][0]} x{retry['MaxAttempts']}" for retry in state.get("Retry", [])]
    heartbeat = re.search(r"\w*Heartbeat\w+|none|approvalHours", state.get("HeartbeatSeconds", "none"))
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
    assert 900 < seconds_of_patience(retries["DeploymentNotReady"]) < 1800
    assert seconds_of_patience(retries["Lambda.TooManyRequestsException"]) / 2 > 3500
    # A retrier answers for what it names alone: no error stands in two.
    named = [error for retry in retries.values() for error in retry["ErrorEquals"]]
    assert len(named) == len(set(named))


def test_a_function_ends_before_its_states_time_does() -> None:
    limits = {pascal(name): size.seconds for name, size in SIZES.items()}
    limits["WriteApproval"] = limits["WriteReport"]
    calls = [
        (name, state) for name, state in states_of(whole_machine()) if state.get("Resource", "").endswith("invoke")
    ]
    assert [name for name, state in calls if limits[name] + 30 > state["TimeoutSeconds"]] == []


def test_a_silent_wait_is_entered_again_by_either_name_of_its_silence() -> None:
    silent = {"States.HeartbeatTimeout", "States.Timeout"}
    caught = [set(catch["ErrorEquals"]) for _, state in states_of(whole_machine()) for catch in state.get("Catch", [])]
    assert [errors for errors in caught if errors & silent and errors != silent] == []


def test_the_matrix_of_faults_stops_a_run_in_each_waiting_state() -> None:
    waiting = {
        name
        for name, state in states_of(whole_machine())
        if state["Type"] == "Wait" or str(state.get("Resource", "")).endswith(".waitForTaskToken")
    }
    assert len(waiting) >= 10
    assert waiting - {cell.stop_in for cell in CELLS} == set()


def test_no_input_waits_longer_than_the_machine_lasts() -> None:
    """A machine that ends while it waits reaches no Catch: nothing is cleaned up, and nobody is told."""
    machine = whole_machine()
    assert MACHINE_HOURS * 3600 == machine["TimeoutSeconds"] < 365 * 86_400
    approval = machine["States"]["AwaitApproval"]["TimeoutSeconds"]
    longest = Serving.model_json_schema()["properties"]["approvalHours"]["maximum"]
    assert longest * 3600 < approval < machine["TimeoutSeconds"]


def test_a_subject_has_fewer_than_100_characters() -> None:
    subjects = [state["Arguments"]["Subject"] for _, state in states_of(whole_machine()) if "Subject" in str(state)]
    cuts = [re.fullmatch(r"\{% \$substring\(.*, 0, (\d+)\) %\}", subject) for subject in subjects if subject]
    assert [int(cut[1]) for cut in cuts if cut] == [99] * len(subjects)


def evaluated(expressions: list[tuple[str, dict[str, Any]]]) -> list[Any]:
    """What JSONata makes of `{% ... %}` texts, each with its `$states.input`; a deployment's seconds are filled in."""
    program = """
        const jsonata = require("jsonata");
        const context = {Execution: {Name: "run-1"}};
        const asked = JSON.parse(require("fs").readFileSync(0, "utf8"));
        Promise.all(asked.map(([text, input]) => jsonata(text).evaluate(null, {states: {input, context}})))
            .then((found) => console.log(JSON.stringify(found)));
    """
    filled = [
        (
            text.strip("{%} ")
            .replace("${AwaitHeartbeatSeconds}", "900")
            .replace("${DeploymentHeartbeatSeconds}", "60"),
            i,
        )
        for text, i in expressions
    ]
    done = subprocess.run(
        ["node", "-e", program], cwd=ROOT, input=json.dumps(filled), capture_output=True, text=True, check=True
    )
    found: list[Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, []),
        (
            {"left": [{"what": what, "why": "denied", "command": "aws delete"} for what in ("arn:1", "arn:2")]},
            ["STILL COSTS MONEY: arn:1 (denied); aws delete", "STILL COSTS MONEY: arn:2 (denied); aws delete"],
        ),
        (
            {"left": [], "retireError": "no table"},
            ["STILL COSTS MONEY: what the run made (the clean-up failed); python -m cli stop run-1"],
        ),
    ],
)
def test_what_still_costs_money_is_said_even_where_the_failure_report_cannot_be_written(
    more: dict[str, Any], said: list[str]
) -> None:
    [catch] = whole_machine()["States"]["WriteFailureReport"]["Catch"]
    [told] = evaluated([(catch["Output"], {"error": "Broken", "cause": "why"} | more)])
    assert (told["error"], told["cause"].split("\n"), catch["Next"]) == ("Broken", ["why", *said], "NotifyFailed")
    leftover = [str(Leftover(**one)) for one in more.get("left", [])]
    assert leftover == said[: len(leftover)]


@pytest.mark.parametrize(
    ("name", "doublings", "seconds"),
    [
        ("AwaitBatch", 0, [900, 900, 900]),
        ("AwaitBatch", 2, [900, 1800, 3600, 3600]),
        ("AwaitTuning", 7, [900, 1800, 3600, 7200, 14_400, 28_800, 57_600, 86_400, 86_400]),
        ("AwaitDeployment", 7, [60, 120, 240, 480, 960, 960]),
        ("AwaitPromotion", 0, [60, 120, 240, 480, 960, 960]),
        ("AwaitJudging", 0, [60, 120, 240, 480, 960, 960]),
        ("AwaitJudging", 1, [60, 120, 240, 480, 960, 1920, 1920]),
    ],
)
def test_a_silent_wait_backs_off_as_the_budget_says(name: str, doublings: int, seconds: list[int]) -> None:
    wait = dict(states_of(whole_machine()))[name]
    entered = {"run": {"runId": "run-1", "doublings": doublings}, "jobName": "job", "looks": {"AwaitOther": 5}}
    seen = []
    for _ in seconds:
        # What the wait before left must not shorten this one's patience.
        beat, entered = evaluated([(wait["HeartbeatSeconds"], entered), (wait["Catch"][0]["Output"], entered)])
        seen.append(beat)
    assert seen == seconds
    assert (entered["jobName"], entered["looks"]) == ("job", {name: len(seconds)})


def test_a_batch_job_is_looked_at_when_the_deadline_cuts_it_off_and_each_minute_while_it_stops() -> None:
    wait = dict(states_of(whole_machine()))["AwaitBatch"]["HeartbeatSeconds"]
    instants = [datetime.now(UTC) + timedelta(seconds=after) for after in (5_000, 500, -100)]
    runs = [{"doublings": 0, "cutOff": instant.isoformat().replace("+00:00", "Z")} for instant in instants]
    beats = evaluated([(wait, {"run": run}) for run in [*runs, {"doublings": 0, "cutOff": ""}]])
    assert beats[0] == beats[3] == 900
    assert 480 <= beats[1] <= 501
    assert beats[2] == 60


EVENTS = {"Task": 5, "wait": 6, "Choice": 2, "Pass": 2}


def events_of_an_iteration(name: str, *chosen: str) -> int:
    """History events of one item of a Map that goes from state to state; `chosen` are the ways at its Choices."""
    processor = whole_machine()["States"][name]["ItemProcessor"]
    state, events, ways = processor["StartAt"], 2, list(chosen)
    while True:
        text = processor["States"][state]
        events += EVENTS["wait" if "HeartbeatSeconds" in text else text["Type"]]
        if text.get("End"):
            return events
        state = ways.pop(0) if text["Type"] == "Choice" else text["Next"]


def test_the_budget_counts_the_states_of_the_machine() -> None:
    """LocalStack's recordings of AWS: a Lambda writes Entered, Scheduled, Started, Succeeded, Exited; a token's wait
    Submitted too; a Choice or Pass two; an item of a Map Started and Succeeded.
    """
    assert events_of_an_iteration("AnswerShards", "StartBatch", "AwaitBatch") == fan_out.BATCH_SHARD
    assert events_of_an_iteration("ReduceShards") == fan_out.REDUCTION
    assert events_of_an_iteration("TrainStudents") == fan_out.STUDENT
    assert events_of_an_iteration("JudgeArms") == fan_out.JUDGING_JOB
    predicted = events_of_an_iteration("PredictArms", "StartPredictions", "AwaitPredictions", "PredictionsWritten")
    assert predicted == fan_out.PREDICTION_SHARD
    three_turns = ["PredictArm", "PredictArm", "PredictArm", "PredictionsWritten"]
    assert events_of_an_iteration("PredictArms", *three_turns) == fan_out.DIRECT_SHARD


def test_what_a_new_account_can_bear_is_a_setting_of_every_wide_map() -> None:
    """Ten Lambdas at once: a constant would be some other number than the account's."""
    maps = {name: s["MaxConcurrency"] for name, s in states_of(whole_machine()) if s["Type"] == "Map"}
    assert maps == {
        "AnswerShards": "{% $maxConcurrent %}",
        "ReduceShards": "{% $maxConcurrent %}",
        "TrainStudents": 2,
        "PredictArms": "{% $maxConcurrent %}",
        "JudgeArms": 5,
    }


def test_a_hiccup_is_tried_again_wherever_a_lambda_failure_is() -> None:
    for name, state in states_of(whole_machine()):
        errors = {error for retry in state.get("Retry", []) for error in retry["ErrorEquals"]}
        assert ("Transient" in errors) == ("Lambda.Unknown" in errors), name


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
        "AwaitApproval": ["HeartbeatSeconds", "TimeoutSeconds"],
        "AwaitSpending": ["HeartbeatSeconds", "TimeoutSeconds"],
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
