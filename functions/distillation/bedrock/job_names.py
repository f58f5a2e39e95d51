"""Names and client tokens of everything that Bedrock runs for us, as functions of run id, wave, shard and arm.

A name is the identity of a piece of paid work: whoever knows the run can find the job again, so nothing is submitted
twice.
Limits: batch jobs 63 characters of [a-zA-Z0-9+-.], customization jobs 63 of [a-zA-Z0-9-+.], models and deployments 63
of ([0-9a-zA-Z][_-]?)+ (botocore service model `bedrock`), so no name here has two hyphens in a row.
"""

import hashlib
import re
from typing import NamedTuple

from distillation.bedrock.job_status import JobKind
from distillation.records import FEW_SHOT_DRAWS, Arm, Asking

RUN_ID_MAX = 36

_WAVE_LETTERS = {
    Asking.PILOT: "p",
    Asking.EXPANSION: "x",
    Asking.ANSWERS: "w",
    Asking.RATINGS: "r",
    Asking.COMPARISONS: "c",
}
_ARM_WORDS: dict[str, str] = {
    Arm.TEACHER: "teach",
    Arm.STUDENT: "stud",
    Arm.DIRECT: "dir",
    Arm.CHAMPION: "champ",
    **dict(zip(FEW_SHOT_DRAWS, ("few", "few2", "few3"), strict=True)),
}
"""Arms whose own name is too long beside a run id of 36 characters, or has a hyphen."""
_ARM_LETTERS: dict[str, str] = {
    Arm.TEACHER: "t",
    Arm.BASE: "b",
    Arm.FEW_SHOT: "f",
    Arm.STUDENT: "s",
    Arm.DIRECT: "d",
    Arm.CHAMPION: "c",
}
_PROMOTE = "-promote-p"
_TRAINING = re.compile(r"(student|candidate)(\d)")
"""One of several trainings of the student; a name has no room for its hyphen."""

_SHAPES: dict[JobKind, tuple[re.Pattern[str], ...]] = {
    JobKind.BATCH: (
        re.compile(r"-(?P<stage>[pxwrc])(?P<wave>\d+)-s(?P<shard>\d+)(?:\.(?P<attempt>\d+))?$"),
        re.compile(r"-(?P<arm>[a-z]+\d?)-s(?P<shard>\d+)(?:\.(?P<attempt>\d+))?$"),
    ),
    JobKind.EVALUATION: (re.compile(r"-j(?P<arm>[a-z])-(?P<shard>\d+)a(?P<attempt>\d+)x[0-9a-f]+$"),),
    JobKind.TUNING: (re.compile(r"-(?P<arm>[a-z]+\d?)-t(?P<attempt>\d+)$"),),
    JobKind.DEPLOYMENT: (re.compile(r"-(?P<arm>[a-z]+\d?)-d(?P<attempt>\d+)$"),),
}


class JobName(NamedTuple):
    """What a name says of its work: a shard of a stage's wave, or a shard (or judged part) of an arm."""

    kind: JobKind
    stage: Asking | None = None
    wave: int = 0
    arm: str = ""
    shard: int = 0
    attempt: int = 0


def batch(app: str, run_id: str, wave: int, shard: int, *, attempt: int = 0, stage: Asking = Asking.ANSWERS) -> str:
    """Name of the batch job of a shard of a stage's wave; `attempt` > 0 where an earlier one failed as a whole."""
    return f"{app}-{run_id}-{_WAVE_LETTERS[stage]}{wave:02d}-s{shard:04d}{_attempt(attempt)}"


def prediction_batch(app: str, run_id: str, arm: str, shard: int, attempt: int = 0) -> str:
    """Name of the batch job that answers a holdout shard for an arm. `attempt` as in `batch`."""
    return f"{app}-{run_id}-{_ARM_WORDS.get(arm, arm)}-s{shard:04d}{_attempt(attempt)}"


def parsed(job_name: str) -> JobName | None:
    """What a name of a Bedrock job says; None for names that none of the functions here makes."""
    for kind, shapes in _SHAPES.items():
        for shape in shapes:
            if found := shape.search(job_name):
                said = found.groupdict()
                stage = next((stage for stage, letter in _WAVE_LETTERS.items() if letter == said.get("stage")), None)
                arm = _arm_called(said.get("arm") or "")
                numbers = {part: int(said.get(part) or 0) for part in ("wave", "shard", "attempt")}
                return JobName(kind, stage, arm=arm, **numbers) if stage or arm else None
    return None


def _arm_called(word: str) -> str:
    """The arm that a part of a name stands for; "" where it is none."""
    if found := _TRAINING.fullmatch(word):
        return "-".join(found.groups())
    arms = (*map(str, Arm), *FEW_SHOT_DRAWS[1:])
    return next((arm for arm in arms if word in (arm, _ARM_WORDS.get(arm), _ARM_LETTERS.get(arm))), "")


def _attempt(attempt: int) -> str:
    return f".{attempt}" if attempt else ""


def evaluation(app: str, run_id: str, arm: str, part: int, dataset: str, *, attempt: int = 0) -> str:
    """Name of the evaluation job that judges a part of an arm's answers: 63 characters of [a-z0-9](-*[a-z0-9])*.
    `dataset`: hash (hex) of what is judged, so that answers made anew adopt no old judgements. `attempt` as in `batch`.
    """
    return f"{app}-{run_id}-j{_ARM_LETTERS[arm]}-{part:02d}a{attempt}x{dataset[:4]}"


def tuning(app: str, run_id: str, arm: str, attempt: int = 0) -> str:
    """Name of the customization job and of its model; `attempt` > 0 where an earlier model is gone."""
    return f"{app}-{run_id}-{arm.replace('-', '')}-t{attempt}"


def deployment(app: str, run_id: str, arm: str, attempt: int = 0) -> str:
    """Name of the deployment of an arm's model; `attempt` > 0 where an earlier one failed or was deleted."""
    return f"{app}-{run_id}-{arm.replace('-', '')}-d{attempt}"


def stable_deployment(app: str, dataset: str) -> str:
    """Name of the one deployment that serves a dataset. Hyphens that a deployment's name may not have (two in a row, at
    the end) are folded, and a hash keeps two datasets apart.
    """
    folded = "-".join(part for part in dataset.split("-") if part)
    own = folded if folded == dataset else f"{folded}-{hashlib.sha256(dataset.encode()).hexdigest()[:8]}"
    return f"{app}-{own}-stable"


def promotion(app: str, run_id: str, attempt: int = 0) -> str:
    """Ledger name of the run's promotion; `attempt` > 0 where an earlier one failed or was taken back."""
    return f"{app}-{run_id}{_PROMOTE}{attempt}"


def way_back(promotion_name: str) -> str:
    """Ledger name of moving the stable deployment back to the model before that promotion."""
    run, _, attempt = promotion_name.rpartition(_PROMOTE)
    return f"{run}-return-p{attempt}"


def is_promotion(job_name: str) -> bool:
    """Whether a ledger name is `promotion`'s, not that of a way back."""
    return job_name.rsplit("-", 2)[1:-1] == ["promote"]


def approval(app: str, run_id: str, attempt: int = 0, kind: str = "approval") -> str:
    """Ledger name of waiting for a person's approval. `attempt` > 0 only where an earlier execution's wait is over."""
    return f"{app}-{run_id}-{kind}-a{attempt}"


def run_id_of(app: str, job_name: str) -> str | None:
    """The run of a job name, which ends in two parts after the run id; None for jobs of somebody else."""
    own = job_name.removeprefix(f"{app}-")
    if own == job_name or own.count("-") < 2:
        return None
    return own.rsplit("-", 2)[0]


def client_token(job_name: str) -> str:
    """Idempotency token of a create call (`clientRequestToken`, 1-256 of [a-zA-Z0-9](-*[a-zA-Z0-9])*)."""
    return hashlib.sha256(job_name.encode()).hexdigest()[:48]
