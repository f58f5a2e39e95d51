"""Several runs -> their students on the holdout items that all of them have: figures, differences, settings.

    comparison = compare(runs, prices=load_prices(), created_at=...)

A prompt id is a hash of the text that is asked: the same id in two runs is the same question, on the same side.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import msgspec

from distillation.bedrock.prices import Prices
from distillation.errors import InvalidInput
from distillation.evaluation.answer_metrics import EXACT
from distillation.evaluation.answer_sheet import read_sheet
from distillation.evaluation.score import RESAMPLES, score
from distillation.evaluation.scores import Against, ArmScore, Difference, Scores
from distillation.evaluation.uncertainty.statistics import Draw
from distillation.records import Arm, HoldoutItem, Prediction, Record
from distillation.report.settings import differing
from distillation.run.evaluation import NumericTolerance
from distillation.task import Task

MOST_RUNS = 6
SEED = 1


class ComparedRun(Record, frozen=True):
    """What a comparison needs of a run. `decision` and `headline` are its own verdict, against its own teacher.
    `models` maps roles to ids. `cost_usd` is None where the report says none.
    """

    run_id: str
    dataset: str
    task: Task
    holdout: list[HoldoutItem]
    student: list[Prediction]
    teacher: list[Prediction]
    settings: dict[str, Any]
    models: dict[str, str]
    decision: str
    headline: str
    cost_usd: float | None = None
    training_lines: int | None = None


class Comparison(Record, frozen=True):
    """The runs' students on the same `n` items. Arms are run ids; `teacher` is the first run's. `lacks` (run id ->
    count): items of other runs that are not in its holdout. `different` maps names of settings and models to what each
    run says. `changed_references` counts items whose reference differs between runs: the first run's is taken.
    """

    created_at: str
    task: Task
    n: int
    runs: tuple[ComparedRun, ...]
    lacks: dict[str, int]
    quality_against: Against
    changed_references: int
    arms: dict[str, ArmScore]
    teacher: ArmScore
    metric: str
    differences: tuple[Difference, ...]
    different: dict[str, tuple[str, ...]]
    resamples: int
    seed: int


def compare(
    runs: Sequence[ComparedRun],
    *,
    prices: Prices,
    created_at: str,
    tolerance: NumericTolerance = EXACT,
    resamples: int = RESAMPLES,
) -> Comparison:
    """Every run's student on the shared holdout, and each against each. Raises InvalidInput for fewer than two or more
    than six runs, tasks of another kind, or no item that all runs have.
    """
    _check(runs)
    holdout, union = shared_items(runs), {item.prompt_id for run in runs for item in run.holdout}
    keys = {f"run {place}": run for place, run in enumerate(runs)}
    scores = _scored(keys, holdout, prices=prices, tolerance=tolerance, resamples=resamples)
    metrics = list(dict.fromkeys(one.metric for one in scores.differences))
    found = [
        msgspec.structs.replace(one, arm=keys[one.arm].run_id, minus=keys[one.minus].run_id)
        for one in sorted(scores.differences, key=lambda one: metrics.index(one.metric))
    ]
    return Comparison(
        created_at=created_at,
        task=runs[0].task,
        n=len(holdout),
        runs=tuple(runs),
        lacks={run.run_id: len(union - {item.prompt_id for item in run.holdout}) for run in runs},
        quality_against=scores.quality_against,
        changed_references=_changed_references(runs, {item.prompt_id for item in holdout}),
        arms={run.run_id: scores.arms[key] for key, run in keys.items()},
        teacher=scores.arms[Arm.TEACHER],
        metric=found[0].metric if found else "",
        differences=tuple(found),
        different=differing([{**_settings(run), "models": run.models} for run in runs]),
        resamples=resamples,
        seed=SEED,
    )


def _scored(
    keys: Mapping[str, ComparedRun],
    holdout: Sequence[HoldoutItem],
    *,
    prices: Prices,
    tolerance: NumericTolerance,
    resamples: int,
) -> Scores:
    """The students as arms called by their keys, beside the first run's teacher, each later one minus each earlier."""
    first, teacher = next(iter(keys.values())), Arm.TEACHER.value
    ids = {item.prompt_id for item in holdout}
    predictions = {teacher: _within(first.teacher, ids)} | {key: _within(run.student, ids) for key, run in keys.items()}
    models = {teacher: first.models.get("teacher", "")}
    models |= {key: run.models.get("student", "") for key, run in keys.items()}
    sheet = read_sheet(holdout, predictions, first.task, tolerance=tolerance)
    pairs = [(later, earlier) for earlier, later in combinations(keys, 2)]
    return score(sheet, Draw(resamples, SEED), models=models, prices=prices, pairs=pairs)


def _check(runs: Sequence[ComparedRun]) -> None:
    names = [run.run_id for run in runs]
    if not 2 <= len(names) <= MOST_RUNS or len(set(names)) < len(names):
        raise InvalidInput(f"{len(names)} runs cannot be compared", [f"runs: name 2 to {MOST_RUNS} different ones"])
    kinds = {run.task.kind for run in runs}
    if len(kinds) > 1 or len({frozenset(run.task.labels) for run in runs}) > 1:
        said = [
            f"{run.run_id}: {run.task.kind}{' ' + ', '.join(run.task.labels) if run.task.labels else ''}"
            for run in runs
        ]
        raise InvalidInput("the runs have different tasks", said)
    if not shared_items(runs):
        raise InvalidInput(
            "there is no holdout item that all of these runs have",
            [f"{run.run_id}: {len(run.holdout):,} items" for run in runs],
        )


def shared_items(runs: Sequence[ComparedRun]) -> list[HoldoutItem]:
    """The items of the first run that all others have too."""
    others = [{item.prompt_id for item in run.holdout} for run in runs[1:]]
    return [item for item in runs[0].holdout if all(item.prompt_id in ids for ids in others)]


def _within(predictions: Sequence[Prediction], ids: set[str]) -> list[Prediction]:
    return [one for one in predictions if one.prompt_id in ids]


def _settings(run: ComparedRun) -> dict[str, Any]:
    return {name: value for name, value in run.settings.items() if name not in ("runId", "dataset")}


def _changed_references(runs: Sequence[ComparedRun], ids: set[str]) -> int:
    said: dict[str, set[str | None]] = {}
    for item in (item for run in runs for item in run.holdout if item.prompt_id in ids):
        said.setdefault(item.prompt_id, set()).add(item.reference)
    return sum(len(references) > 1 for references in said.values())
