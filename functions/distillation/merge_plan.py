"""What the merge of all shards is told: the parts of a run's input that decide what becomes an example."""

from typing import NamedTuple

from distillation.candidates_to_ratings import Judging
from distillation.run.config import SplitPlan
from distillation.run.record import RunRecord
from distillation.similarity.words import CommonShingles


class MergePlan(NamedTuple):
    """Thresholds as in `curation_config`. `judging` is None where no judge is asked for."""

    split: SplitPlan
    common: CommonShingles
    near_threshold: float | None
    semantic_threshold: float | None
    ngram: int
    max_lines: int
    judging: Judging | None


def merge_plan(record: RunRecord, common: CommonShingles) -> MergePlan:
    """The plan of a run."""
    settings = record.settings
    return MergePlan(
        split=record.split,
        common=common,
        near_threshold=settings.duplicates.near_threshold,
        semantic_threshold=settings.duplicates.semantic_threshold,
        ngram=settings.decontamination.ngram,
        max_lines=settings.most_lines,
        judging=judging_of(record),
    )


def judging_of(record: RunRecord) -> Judging | None:
    """How the run's answers are rated; None where they are not."""
    judge, policy = record.settings.filters.judge, record.settings.examples.policy
    if judge is None:
        return None
    return Judging(model=record.models.judge or record.models.teacher, threshold=judge.threshold, rubric=judge.rubric, best_only=policy == "best")
