"""Estimated tokens, before the margin, of the stages around the teacher's answers: new prompts and judging."""

import math

from distillation.bedrock.limits import estimate_tokens
from distillation.expansion.methods import EXAMPLES, TOPICS
from distillation.expansion.requests import TOPICS_A_REQUEST
from distillation.instructions import template
from distillation.judging.pairs import CHOICE_TOKENS
from distillation.records import Arm, Record
from distillation.run.config import RunConfig
from distillation.run.curation import Expansion
from distillation.run.evaluation import EvaluationJudge

METRIC_CHARACTERS = 3_800
"""Characters of Bedrock's prompt for a metric: 42,000 for 11 ("Built-in metric evaluator prompts", Nova 2 Lite)."""
EXPLANATION_TOKENS = 200
"""Tokens of a judge's reply in an evaluation job, which explains its score. An assumption."""


class Load(Record, frozen=True):
    """Calls of a stage and their tokens. `most_output_tokens`: if every reply were as long as it may be."""

    calls: int = 0
    input_tokens: float = 0
    output_tokens: int = 0
    most_output_tokens: int = 0
    assumptions: tuple[str, ...] = ()


def judging_loads(
    config: RunConfig, prompt_tokens: float, answer_tokens: int, *, champion: bool = False
) -> tuple[Load, Load]:
    """What `evaluation.judge` takes for each judged prompt: scores of evaluation jobs, and comparisons. Every metric of
    every arm is a call of its own (user guide: each metric has its own prompt).
    """
    judge = config.evaluation.judge
    if judge is None:
        return Load(), Load()
    arms = len(Arm) - (not config.arms.few_shot) - (not config.arms.direct) - (not champion)
    shown = prompt_tokens + 2 * answer_tokens
    compared = (
        sum(estimate_tokens(template(name).template) for name in ("compare_system.txt", "compare_user.txt")) + shown
    )
    one = scores_load(judge, shown)
    scores = Load(
        calls=arms * one.calls,
        input_tokens=arms * one.input_tokens,
        output_tokens=arms * one.output_tokens,
        assumptions=(
            f"Up to {judge.max_prompts:,} prompts of the holdout are judged: {arms * one.calls} calls a prompt for "
            f"scores, each explained in {EXPLANATION_TOKENS} tokens, and {2 * judge.pairwise} for comparisons.",
        ),
    )
    pairs = 2 * judge.pairwise
    return scores, Load(calls=pairs, input_tokens=pairs * compared, output_tokens=pairs * CHOICE_TOKENS)


def scores_load(judge: EvaluationJudge, shown: float) -> Load:
    """What the evaluation jobs take for one answer; `shown`: tokens of prompt, reference and answer."""
    own = [estimate_tokens(metric.instructions) for metric in judge.custom]
    told, metrics = (
        len(judge.metrics) * estimate_tokens("x" * METRIC_CHARACTERS) + sum(own),
        len(judge.metrics) + len(own),
    )
    return Load(calls=metrics, input_tokens=told + metrics * shown, output_tokens=metrics * EXPLANATION_TOKENS)


ASSUMED_YIELD = 0.8
"""Share of the prompts asked for that is taken to be new and usable. An assumption."""
ITEM_TOKENS = 4
"""Tokens of a list's item beside its text: number, full stop, line break."""
EXPECTED_RATING_TOKENS = 2
"""Tokens of a rating: one digit, and the end of the reply."""

_FRAME = ("expand_frame.txt", "expand_category.txt", "expand_topic.txt", "expand_reply_lines.txt")
_JUDGE = ("judge_system.txt", "judge_user.txt")
_RUBRIC = "judge_rubric.txt"


def expansion_load(expansion: Expansion, own_tokens: float, system_tokens: float) -> Load:
    """What all rounds for `expansion.targetPrompts` take; tokens: means of a seed's own text and of its system text,
    which a request tells once and no new prompt repeats.
    """
    if not expansion.target_prompts:
        return Load()
    wanted = math.ceil(expansion.target_prompts / ASSUMED_YIELD)
    requests = math.ceil(wanted / expansion.prompts_per_request)
    if TOPICS in expansion.methods:
        requests += math.ceil(requests / len(expansion.methods) / TOPICS_A_REQUEST)
    return Load(
        calls=requests,
        input_tokens=math.ceil(requests * (_tokens(*_FRAME) + EXAMPLES * own_tokens + system_tokens)),
        output_tokens=math.ceil(wanted * (own_tokens + ITEM_TOKENS)),
        most_output_tokens=requests * expansion.max_tokens,
        assumptions=(
            (
                f"{expansion.target_prompts:,} new prompts of the seeds' mean length, with {ASSUMED_YIELD:.0%} of "
                f"those asked for usable: {requests:,} requests."
            ),
        ),
    )


def rating_load(config: RunConfig, rated_tokens: float) -> Load:
    """Ratings of a prompt by `filters.judge`, and the tokens of one; `rated_tokens`: mean of prompt and answer."""
    judge = config.filters.judge
    if judge is None:
        return Load()
    a_prompt = 1 if config.examples.policy == "consensus" else config.sampling.answers
    rubric = estimate_tokens(judge.rubric) if judge.rubric else _tokens(_RUBRIC)
    return Load(
        calls=a_prompt,
        input_tokens=_tokens(*_JUDGE) + rubric + rated_tokens,
        output_tokens=EXPECTED_RATING_TOKENS,
        assumptions=(f"Up to {a_prompt} answers of each prompt outside the holdout are rated.",),
    )


def _tokens(*names: str) -> int:
    return sum(estimate_tokens(template(name).template) for name in names)
