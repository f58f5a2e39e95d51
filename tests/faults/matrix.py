"""The cells of the matrix: each is a run with something that goes wrong, and how it must end."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from tests.flow import LABELS

SETTINGS: dict[str, Any] = {"task": LABELS, "split": {"holdoutShare": 0.3}}
JUDGED = {"evaluation": {"judge": {"metrics": ["Builtin.Correctness"]}}}
PROMOTED = {
    "sampling": {"sampled": 0},
    "split": {"holdoutShare": 0.5},
    "gate": {"margin": 1.0, "overBase": False, "championMargin": 1.0},
}
APPROVED = PROMOTED | {"promotion": "approve"}
BATCHED = {"split": {"holdoutShare": 0.5}, "evaluation": {"samples": 3}}
"""More than 100 requests to the base, so that it is asked in a batch job."""
GOOD, BAD, ABORTED = "SUCCEEDED", "FAILED", "ABORTED"
HISTORY_IS_FULL = {
    "Error": "States.Runtime",
    "Cause": "The execution reached the maximum number of history events (25000).",
}
"""How Step Functions ends an execution with 25,000 events."""
BATCH, TUNING, DEPLOYMENT, JUDGING = "w", "student-t", "student-d", "j"
"""How the names of a run's jobs go on after the run id."""
Fault = Mapping[str, Any]


class Cell(NamedTuple):
    """A run id, what happens to the run, and how it ends: `ends` begins its status and error.

    `stop_in` is a state in which the execution is stopped, and started again with its run id if `again`. `kill` is a
    state whose function's processes are killed while it works. `alone`: the fault cannot be narrowed to one run.
    `machine` changes the definition for this run. `after`: another run of the dataset has been promoted before.
    `spoil`: the student's answers are turned round while the promotion is under way, so that the canary fails.
    """

    name: str
    what: str
    faults: tuple[Fault, ...] = ()
    ends: str = GOOD
    settings: Mapping[str, Any] = {}
    stop_in: str = ""
    again: bool = True
    kill: str = ""
    alone: bool = False
    machine: Mapping[str, Any] = {}
    after: bool = False
    spoil: bool = False


def _job(name: str, what: str, fault: str, on: str, ends: str = GOOD, **more: Any) -> Cell:
    settings = JUDGED if on == JUDGING else {}
    armed = {"fault": fault, "jobName": f"nova-distill-{name}-{on}"} | more
    return Cell(name, what, (armed,), ends, settings)


def _call(kind: str, operation: str, ends: str = GOOD, **more: Any) -> Cell:
    short, what, times = {
        "throttling": ("throttled", "throttled three times", 3),
        "lostReply": ("lost", "done, but its reply is lost", 1),
        "accessDenied": ("denied", "denied", None),
        "quotaExceeded": ("quota", "refused once for a full quota", 1),
    }[kind]
    armed = {"fault": kind, "operation": operation, "times": times}
    name = f"{short}-{operation.lower().replace('custommodeldeployment', 'deployment')}"
    settings = JUDGED if "Evaluation" in operation else {}
    cell = Cell(name.replace("model", ""), f"{operation} {what}", (armed,), ends, settings, alone=True)
    return cell._replace(**more)


JOBS = (
    Cell("none", "nothing"),
    *(
        _job(f"{fault.lower()}-{kind}", f"{event} of a {of} job", fault, on, times=2)
        for fault, event in (
            ("lostEvent", "lost event"),
            ("earlyEvent", "early event"),
            ("doubledEvent", "doubled event"),
        )
        for kind, of, on in (("batch", "batch", BATCH), ("tuning", "customization", TUNING))
    ),
    *(
        _job(f"slow-{kind}", f"{of} 8 seconds late", "slowJob", on, seconds=8)
        for kind, of, on in (
            ("batch", "batch job", BATCH),
            ("tuning", "customization job", TUNING),
            ("deployment", "deployment", DEPLOYMENT),
            ("judging", "evaluation job", JUDGING),
        )
    ),
    _job("batch-failed", "batch job Failed once", "failed", BATCH, message="capacity"),
    _job("batch-fails", "every batch job Failed", "failed", BATCH, f"{BAD} NotEnoughAnswers", times=None),
    *(
        _job(
            f"batch-{fault.lower()}-{round(share * 100)}",
            f"batch job {status}, {share:.0%} left out",
            fault,
            BATCH,
            share=share,
        )
        for fault, status in (
            ("expired", "Expired"),
            ("stopped", "Stopped"),
            ("partiallyCompleted", "PartiallyCompleted"),
        )
        for share in (0.1, 0.5, 1.0)
    ),
    _job("tuning-failed", "customization job Failed", "failed", TUNING, f"{BAD} TuningFailed"),
    _job("tuning-stopped", "customization job Stopped", "stopped", TUNING, f"{BAD} TuningFailed"),
    _job("deployment-failed", "deployment Failed", "failed", DEPLOYMENT, f"{BAD} DeploymentFailed"),
    _job("judging-failed", "evaluation job Failed", "failed", JUDGING),
    _job("judging-stopped", "evaluation job Stopped", "stopped", JUDGING),
    *(
        _job(
            f"records-{code}",
            f"one record in ten answers with error {code}",
            "recordErrors",
            BATCH,
            share=0.1,
            errorCode=code,
        )
        for code in (400, 403, 408, 424, 429, 500, 503)
    ),
    *(
        _job(
            f"broken-{round(share * 100)}",
            f"{share:.0%} of output lines cut",
            "brokenLines",
            BATCH,
            share=share,
        )
        for share in (0.1, 1.0)
    ),
    _job("records-all", "every record answers with error 500, once", "recordErrors", BATCH, share=1.0, errorCode=500),
    _job("odd-lines", "output lines uncounted, of an error by name, bare, foreign and swapped", "oddLines", BATCH),
    *(
        Cell(
            f"forgotten-{name.split()[0]}",
            f"Bedrock no longer knows a {name} at the first look",
            ({"fault": "forgotten", "operation": operation},),
            ends,
            alone=True,
        )
        for name, operation, ends in (
            ("batch job", "GetModelInvocationJob", GOOD),
            ("customization job", "GetModelCustomizationJob", f"{BAD} TuningFailed"),
            ("deployment", "GetCustomModelDeployment", f"{BAD} DeploymentFailed"),
        )
    ),
)
SUBMITTED = (
    "CreateModelInvocationJob",
    "CreateModelCustomizationJob",
    "CreateCustomModelDeployment",
    "CreateEvaluationJob",
)
LOOKED_AT = (
    "GetModelInvocationJob",
    "ListModelInvocationJobs",
    "GetModelCustomizationJob",
    "ListModelCustomizationJobs",
    "GetCustomModelDeployment",
    "ListCustomModelDeployments",
    "GetEvaluationJob",
    "ListEvaluationJobs",
)
OTHER_CALLS = ("Converse", "DeleteCustomModelDeployment", "GetFoundationModel")
CALLS = (
    *(_call("throttling", one) for one in (*SUBMITTED, *LOOKED_AT, *OTHER_CALLS)),
    *(_call("lostReply", one) for one in (*SUBMITTED, "Converse", "DeleteCustomModelDeployment")),
    *(_call("quotaExceeded", one) for one in SUBMITTED),
    *(_call("accessDenied", one, BAD) for one in (*SUBMITTED, *LOOKED_AT, *OTHER_CALLS)),
    _call("accessDenied", "UpdateCustomModelDeployment", BAD, settings=PROMOTED, after=True),
)


def _stopped(state: str, on: str, settings: Mapping[str, Any] | None = None, **more: Any) -> Cell:
    """A run that is stopped in a waiting state, whose job takes so long that it is met there."""
    name, again = f"stopped-{state.lower()}", more.get("again", True)
    times = None if more.get("spoil") else 1
    slow = {"fault": "slowJob", "jobName": f"nova-distill-{name}-{on}", "seconds": 8, "times": times}
    what = f"execution stopped in {state}" + (", started again" if again else "")
    return Cell(name, what, (slow,), GOOD if again else ABORTED, settings or {}, state)._replace(**more)


STOPPED = (
    _stopped("AwaitSpending", BATCH, {"approveAboveUsd": 0}, again=False),
    _stopped("AwaitBatch", BATCH),
    _stopped("AwaitTuning", TUNING),
    _stopped("AwaitDeployment", DEPLOYMENT),
    _stopped("AwaitPredictions", "base", BATCHED),
    _stopped("AwaitJudging", JUDGING, JUDGED),
    _stopped("AwaitApproval", "stable", APPROVED, again=False),
    _stopped("AwaitPromotion", "stable", PROMOTED, again=False),
    _stopped("AwaitWayBack", "stable", PROMOTED, again=False, after=True, spoil=True),
    _stopped("PredictArms", "base"),
    _stopped("VerifyPromotion", "stable", PROMOTED),
    Cell(
        "stopped-pausebeforeretiring",
        "deployment Failed, execution stopped in PauseBeforeRetiring",
        (
            {
                "fault": "failed",
                "jobName": "nova-distill-stopped-pausebeforeretiring-student-d",
                "message": "no capacity",
            },
        ),
        ABORTED,
        stop_in="PauseBeforeRetiring",
        again=False,
    ),
    *(
        _stopped(state, on, settings, again=False)._replace(
            name=f"denied-{operation.lower()}",
            what=f"execution stopped in {state}, {operation} denied",
            faults=(
                {"fault": "slowJob", "jobName": f"nova-distill-denied-{operation.lower()}-{on}", "seconds": 60},
                {"fault": "accessDenied", "operation": operation, "times": None},
            ),
            alone=True,
        )
        for operation, state, on, settings in (
            ("StopModelInvocationJob", "AwaitBatch", BATCH, {}),
            ("StopModelCustomizationJob", "AwaitTuning", TUNING, {}),
            ("StopEvaluationJob", "AwaitJudging", JUDGING, JUDGED),
        )
    ),
    Cell(
        "denied-deletecustommodel",
        "deployment Failed, DeleteCustomModel denied",
        (
            {"fault": "failed", "jobName": "nova-distill-denied-deletecustommodel-student-d", "message": "no capacity"},
            {"fault": "accessDenied", "operation": "DeleteCustomModel", "times": None},
        ),
        f"{BAD} DeploymentFailed",
        alone=True,
    ),
    Cell(
        "timed-out",
        "the machine's TimeoutSeconds pass in AwaitTuning",
        ({"fault": "slowJob", "jobName": "nova-distill-timed-out-student-t", "seconds": 60},),
        "TIMED_OUT",
        alone=True,
        machine={"TimeoutSeconds": 12},
    ),
    Cell(
        "history-limit",
        "the history is full after TrainStudents",
        ends=f"{BAD} States.Runtime",
        alone=True,
        machine={"States": {"ChoiceWanted": {"Type": "Fail", **HISTORY_IS_FULL}}},
    ),
)
KILLED = (
    *(
        Cell(f"killed-{state.lower()}", f"the worker of {state} is killed", kill=state)
        for state in (
            "PrepareRun",
            "PlanRequests",
            "AssembleDataset",
            "PlanPredictions",
            "ScoreRun",
            "WriteReport",
            "RetireStudent",
        )
    ),
    *(
        Cell(f"killed-{state.lower()}", f"the worker of {state} is killed inside its Map", kill=state, alone=True)
        for state in ("ReadReplies", "ReduceShard", "StartTuning", "PredictArm")
    ),
)
CELLS = (*JOBS, *STOPPED, *KILLED, *CALLS)
