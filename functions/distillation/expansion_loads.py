"""How much the stages around the teacher's answers will send and receive: new prompts, and ratings of answers. In estimated tokens, before the margin."""

import math

from distillation.bedrock.limits import estimate_tokens
from distillation.expansion.methods import EXAMPLES, TOPICS
from distillation.expansion.requests import TOPICS_A_REQUEST
from distillation.instructions import template
from distillation.records import Record
from distillation.run.config import RunConfig
from distillation.run.curation import Expansion

ASSUMED_YIELD = 0.8
"""Share of the prompts asked for that is taken to be new and usable. An assumption: what a run's teacher and seeds give is in its counts."""
ITEM_TOKENS = 4
"""Of a list's item beside its text: number, full stop, line break."""
RATING_TOKENS = 2
"""Of a rating: one digit, and where the reply ends."""

_FRAME = ("expand_frame.txt", "expand_category.txt", "expand_topic.txt", "expand_reply_lines.txt")
_JUDGE = ("judge_system.txt", "judge_user.txt")
_RUBRIC = "judge_rubric.txt"


class ExpansionLoad(Record, frozen=True):
    """All rounds together. `most_output_tokens`: if every reply were as long as expansion.maxTokens."""

    requests: int
    input_tokens: int
    output_tokens: int
    most_output_tokens: int
    assumptions: tuple[str, ...] = ()


class RatingLoad(Record, frozen=True):
    """Ratings of each prompt that may be trained on, and the tokens of one."""

    a_prompt: int
    input_tokens: float
    output_tokens: int
    assumptions: tuple[str, ...] = ()


def expansion_load(expansion: Expansion, prompt_tokens: float) -> ExpansionLoad:
    """What `expansion.targetPrompts` take. `prompt_tokens`: mean tokens of a seed with its system text."""
    if not expansion.target_prompts:
        return ExpansionLoad(requests=0, input_tokens=0, output_tokens=0, most_output_tokens=0)
    wanted = math.ceil(expansion.target_prompts / ASSUMED_YIELD)
    requests = math.ceil(wanted / expansion.prompts_per_request)
    if TOPICS in expansion.methods:
        requests += math.ceil(requests / len(expansion.methods) / TOPICS_A_REQUEST)
    return ExpansionLoad(
        requests=requests,
        input_tokens=math.ceil(requests * (_tokens(*_FRAME) + EXAMPLES * prompt_tokens)),
        output_tokens=math.ceil(wanted * (prompt_tokens + ITEM_TOKENS)),
        most_output_tokens=requests * expansion.max_tokens,
        assumptions=(
            f"{expansion.target_prompts:,} new prompts of the seeds' mean length, with {ASSUMED_YIELD:.0%} of those asked for usable: {requests:,} requests.",
        ),
    )


def rating_load(config: RunConfig, samples: int, rated_tokens: float) -> RatingLoad:
    """What `filters.judge` takes. `rated_tokens`: mean tokens of a prompt with an answer."""
    judge = config.filters.judge
    if judge is None:
        return RatingLoad(a_prompt=0, input_tokens=0, output_tokens=0)
    a_prompt = 1 if config.examples.policy == "consensus" else samples
    rubric = estimate_tokens(judge.rubric) if judge.rubric else _tokens(_RUBRIC)
    return RatingLoad(
        a_prompt=a_prompt,
        input_tokens=_tokens(*_JUDGE) + rubric + rated_tokens,
        output_tokens=RATING_TOKENS,
        assumptions=(f"Up to {a_prompt} answers are rated a prompt that is not in the holdout.",),
    )


def _tokens(*names: str) -> int:
    return sum(estimate_tokens(template(name).template) for name in names)
