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
GOOD, BAD = "SUCCEEDED", "FAILED"
BATCH, TUNING, DEPLOYMENT, JUDGING = "w", "student-t", "student-d", "j"
"""How the names of a run's jobs go on after the run id."""
Fault = Mapping[str, Any]


class Cell(NamedTuple):
    """A run id, what happens to the run, and how it ends: `ends` begins its status and error.

    `stop_in` is a state in which the execution is stopped, and started again with its run id if `again`. `kill` is a
    state whose function's processes are killed while it works. `alone`: the fault cannot be narrowed to one run.
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


def _job(name: str, what: str, fault: str, on: str, ends: str = GOOD, **more: Any) -> Cell:
    settings = JUDGED if on == JUDGING else {}
    armed = {"fault": fault, "jobName": f"nova-distill-{name}-{on}"} | more
    return Cell(name, what, (armed,), ends, settings)


def _call(number: int, kind: str, operation: str, ends: str) -> Cell:
    what, times = {
        "throttling": ("throttled three times", 3),
        "lostReply": ("done, but its reply is lost", 1),
        "accessDenied": ("denied", None),
        "quotaExceeded": ("refused once for a full quota", 1),
    }[kind]
    armed = {"fault": kind, "operation": operation, "times": times}
    return Cell(f"{kind.lower()}-{number:02d}", f"{operation} {what}", (armed,), ends, alone=True)


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
)
SUBMITTED = ("CreateModelInvocationJob", "CreateModelCustomizationJob", "CreateCustomModelDeployment")
LOOKED_AT = (
    "GetModelInvocationJob",
    "ListModelInvocationJobs",
    "GetModelCustomizationJob",
    "ListModelCustomizationJobs",
    "GetCustomModelDeployment",
    "ListCustomModelDeployments",
)
OTHER_CALLS = ("Converse", "DeleteCustomModelDeployment", "GetFoundationModel")
CALLS = (
    *(_call(n, "throttling", one, GOOD) for n, one in enumerate((*SUBMITTED, *LOOKED_AT, *OTHER_CALLS))),
    *(
        _call(n, "lostReply", one, GOOD)
        for n, one in enumerate((*SUBMITTED, "Converse", "DeleteCustomModelDeployment"))
    ),
    *(_call(n, "quotaExceeded", one, GOOD) for n, one in enumerate(SUBMITTED)),
    *(_call(n, "accessDenied", one, BAD) for n, one in enumerate((*SUBMITTED, *LOOKED_AT, *OTHER_CALLS))),
)
STOPPED = (
    *(
        _job(f"stopped-{kind}", f"execution stopped in {state}, started again", "slowJob", on, seconds=8)._replace(
            stop_in=state
        )
        for kind, state, on in (
            ("batch", "AwaitBatch", BATCH),
            ("tuning", "AwaitTuning", TUNING),
            ("deployment", "AwaitDeployment", DEPLOYMENT),
            ("judging", "AwaitJudging", JUDGING),
        )
    ),
    Cell("stopped-predicting", "execution stopped in PredictArms, started again", stop_in="PredictArms"),
    *(
        Cell(
            f"stopped-{state.lower()}",
            f"execution stopped in {state}" + (", started again" if again else ""),
            ({"fault": "slowJob", "jobName": f"nova-distill-stopped-{state.lower()}-stable", "seconds": 8},),
            GOOD if again else "ABORTED",
            settings,
            state,
            again=again,
        )
        for state, settings, again in (
            ("AwaitApproval", APPROVED, False),
            ("AwaitPromotion", PROMOTED, False),
            ("VerifyPromotion", PROMOTED, True),
        )
    ),
)
_KILLED_IN = (
    "PrepareRun",
    "PlanRequests",
    "AssembleDataset",
    "PlanPredictions",
    "ScoreRun",
    "WriteReport",
    "RetireStudent",
)
KILLED = tuple(
    Cell(f"killed-{number}", f"the worker of {state} is killed", kill=state)
    for number, state in enumerate(
        ("PrepareRun", "PlanRequests", "AssembleDataset", "PlanPredictions", "ScoreRun", "WriteReport", "RetireStudent")
    )
)
CELLS = (*JOBS, *STOPPED, *KILLED, *CALLS)
