"""How much the judge of the arms will be sent and will say, in estimated tokens before the margin."""

from distillation.bedrock.limits import estimate_tokens
from distillation.instructions import template
from distillation.judging.pairs import CHOICE_TOKENS
from distillation.records import Arm, Record
from distillation.run.config import RunConfig

METRIC_CHARACTERS = 3_800
"""Of Bedrock's own prompt of a metric: the user guide's page "Built-in metric evaluator prompts", Amazon Nova 2 Lite, has 42,000 characters for 11 metrics."""
EXPLANATION_TOKENS = 200
"""Of a judge's reply in an evaluation job, which explains its score. An assumption: Bedrock does not say how long it is."""


class JudgingLoad(Record, frozen=True):
    """Over at most `most_prompts` of the holdout: `calls` and their tokens a prompt, of evaluation jobs and of comparisons."""

    most_prompts: int = 0
    calls: int = 0
    input_tokens: float = 0
    output_tokens: int = 0
    comparisons: int = 0
    comparison_input_tokens: float = 0
    comparison_output_tokens: int = CHOICE_TOKENS
    assumptions: tuple[str, ...] = ()

    def prompts(self, holdout: float) -> float:
        """How many prompts of a holdout are judged."""
        return min(holdout, self.most_prompts)


def judging_load(config: RunConfig, prompt_tokens: float, answer_tokens: int) -> JudgingLoad:
    """What `evaluation.judge` takes. Every metric of every arm is a call of its own (user guide: each metric has its own prompt)."""
    judge = config.evaluation.judge
    if judge is None:
        return JudgingLoad()
    arms = len(Arm) - (not config.arms.few_shot) - (not config.arms.direct)
    own = [estimate_tokens(metric.instructions) for metric in judge.custom]
    told = len(judge.metrics) * estimate_tokens("x" * METRIC_CHARACTERS) + sum(own)
    metrics = len(judge.metrics) + len(own)
    shown = prompt_tokens + 2 * answer_tokens
    compared = sum(estimate_tokens(template(name).template) for name in ("compare_system.txt", "compare_user.txt")) + shown
    return JudgingLoad(
        most_prompts=judge.max_prompts,
        calls=arms * metrics,
        input_tokens=arms * (told + metrics * shown),
        output_tokens=arms * metrics * EXPLANATION_TOKENS,
        comparisons=2 * judge.pairwise,
        comparison_input_tokens=2 * judge.pairwise * compared,
        comparison_output_tokens=2 * judge.pairwise * CHOICE_TOKENS,
        assumptions=(
            f"Up to {judge.max_prompts:,} prompts of the holdout are judged: {arms * metrics} calls a prompt for scores, each explained in "
            f"{EXPLANATION_TOKENS} tokens, and {2 * judge.pairwise} for comparisons.",
        ),
    )
