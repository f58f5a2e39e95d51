"""What evaluation jobs wrote -> scores of every arm's answers, and how many of them there are not.

A line of a job's output is
{"automatedEvaluationResult": {"scores": [{"metricName", "result", ...}]}, "inputRecord": {the dataset's line},
"modelResponses": [...]} (Amazon Bedrock user guide, "Understand how the results of your model evaluation job are saved
in Amazon S3").
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from distillation.evaluation.scores import JudgedArm
from distillation.judging.answers import Key, key_of, read_key
from distillation.records import HoldoutItem
from distillation.run.evaluation import BARE_NAMES, BUILTIN, EvaluationJudge

ONE_IS_BAD = frozenset({"Builtin.Harmfulness", "Builtin.Stereotyping", "Builtin.Refusal"})
"""Metrics in which Bedrock says 1 for what is bad (user guide, "Built-in metric evaluator prompts")."""
CUSTOM = "Custom."

Found = Mapping[Key, Mapping[str, float | None]]
"""A judged line -> metric -> score from 0 to 1, None where the judge gave none."""


class _Score(msgspec.Struct, rename="camel"):
    metric_name: str
    result: float | str | None = None


class _Result(msgspec.Struct):
    scores: list[_Score]


class _Response(msgspec.Struct):
    response: str


class _Input(msgspec.Struct, rename="camel"):
    prompt: str
    reference_response: str | None = None
    model_responses: list[_Response] = []


class _Line(msgspec.Struct, rename="camel"):
    automated_evaluation_result: _Result
    input_record: _Input
    model_responses: list[_Response] = []


_decode = msgspec.json.Decoder(_Line).decode


class ArmJudgements(NamedTuple):
    """One arm: its texts by prompt id, and by prompt id the scores by metric (None: the judge gave none) of those that
    a job brought a line for.
    """

    texts: Mapping[str, str]
    scores: Mapping[str, Mapping[str, float | None]]


class Judgements(NamedTuple):
    """The judged items (in order of prompt id), the names of the metrics as they are shown, and the arms."""

    items: Sequence[HoldoutItem]
    metrics: Sequence[str]
    arms: Mapping[str, ArmJudgements]

    def score(self, arm: str, item: HoldoutItem, metric: str) -> float | None:
        """The judge's score of an answer; None where there is no answer, no line or no score."""
        return self.arms[arm].scores.get(item.prompt_id, {}).get(metric)


def arm_judgements(items: Sequence[HoldoutItem], texts: Mapping[str, str], found: Found) -> ArmJudgements:
    """Finds the line of each item that the arm answered (prompt id -> text)."""
    keys = {item.prompt_id: key_of(item, texts[item.prompt_id]) for item in items if item.prompt_id in texts}
    return ArmJudgements(texts, {prompt_id: found[key] for prompt_id, key in keys.items() if key in found})


def shown_name(metric: str) -> str:
    """A metric as this project names it: more is better, and built-in and custom ones never share a name."""
    bare = f"{BUILTIN}{metric}" if metric in BARE_NAMES else metric
    if bare in ONE_IS_BAD:
        return f"1-{bare}"
    return bare if bare.startswith(BUILTIN) else f"{CUSTOM}{bare}"


def shown_metrics(judge: EvaluationJudge) -> list[str]:
    """The names of the run's metrics, in the order of its input."""
    return [shown_name(metric) for metric in (*judge.metrics, *(custom.name for custom in judge.custom))]


def read_judgements(lines: Iterable[bytes]) -> dict[Key, dict[str, float | None]]:
    """A job's output, by what was judged.

    A line that cannot be read is passed over, so that its item counts as missing.
    """
    found: dict[Key, dict[str, float | None]] = {}
    for line in lines:
        try:
            read = _decode(line)
        except msgspec.DecodeError:
            continue
        responses = read.model_responses or read.input_record.model_responses
        if responses:
            key = read_key(read.input_record.prompt, read.input_record.reference_response, responses[0].response)
            found.setdefault(key, {}).update(
                (shown_name(score.metric_name), _value(score)) for score in read.automated_evaluation_result.scores
            )
    return found


def _value(score: _Score) -> float | None:
    try:
        value = None if score.result is None else float(score.result)
    except ValueError:
        return None
    if value is None or not 0 <= value <= 1:
        return None
    return 1 - value if shown_name(score.metric_name).startswith("1-") else value


def judged_scores(given: Judgements) -> dict[str, dict[str, dict[str, float]]]:
    """Metric -> arm -> prompt id -> score.

    An unanswered item scores 0; an arm of which nothing at all was judged is left out.
    """
    return {
        metric: {arm: scores for arm in given.arms if (scores := _scores(given, arm, metric))}
        for metric in given.metrics
    }


def _scores(given: Judgements, arm: str, metric: str) -> dict[str, float]:
    found = {item.prompt_id: score for item in given.items if (score := given.score(arm, item, metric)) is not None}
    unanswered = {item.prompt_id: 0.0 for item in given.items if item.prompt_id not in given.arms[arm].texts}
    return found | unanswered if found else {}


def judged_arms(given: Judgements) -> dict[str, dict[str, JudgedArm]]:
    """Arm -> metric -> how it came out."""
    return {arm: {metric: _outcome(given, arm, metric) for metric in given.metrics} for arm in given.arms}


def _outcome(given: Judgements, arm: str, metric: str) -> JudgedArm:
    judged = given.arms[arm]
    answered = [item for item in given.items if item.prompt_id in judged.texts]
    scored = sum(given.score(arm, item, metric) is not None for item in answered)
    missing = sum(item.prompt_id not in judged.scores for item in answered)
    return JudgedArm(
        scored=scored,
        unscored=len(answered) - scored - missing,
        missing=missing,
        unanswered=len(given.items) - len(answered),
    )
