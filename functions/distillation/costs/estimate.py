"""What a run will cost, from counted texts, with its assumptions."""

import math
from collections.abc import Iterable, Mapping

from distillation.bedrock.limits import (
    ASCII_CHARACTERS_PER_TOKEN,
    MAX_VALIDATION_SAMPLES,
    MIN_SAMPLES,
    OTHER_BYTES_PER_TOKEN,
    estimate_tokens,
)
from distillation.bedrock.prices import (
    MILLION,
    TOKEN_MARGIN,
    UNKNOWN_OUTPUT_SHARE,
    ModelPrice,
    Prices,
    TokenPrice,
    price_of,
    tokens_usd,
)
from distillation.costs.loads import Load, expansion_load, judging_loads, rating_load
from distillation.errors import InvalidInput
from distillation.records import FEW_SHOT_DRAWS, Prompt, Record
from distillation.run.config import RunConfig
from distillation.run.fan_out import CONTROL_PAIRS
from distillation.run.record import Models
from distillation.run.training import CandidateSetting
from distillation.task import Task, TaskKind
from distillation.training.choice import REPEAT_SHARE

MANAGED_ASSUMPTION = (
    "Bedrock's distillation is assumed to ask the teacher once a prompt at the on-demand price, and to train as long."
)
"""It says neither what it asks nor how long it trains."""


class Workload(Record, frozen=True):
    """What a run of `config` will send and receive, in estimated tokens before the margin. `prompts`, `input_tokens`
    and the `system_tokens` among them are the seeds'; the prompts that expansion adds are as long. `output_basis` says
    what `output_tokens_an_answer` were taken from. `champion` and `batched` as in `workload`.
    """

    config: RunConfig
    models: Models
    prompts: int
    input_tokens: int
    system_tokens: int
    output_tokens_an_answer: int
    output_basis: str
    expansion: Load
    ratings: Load
    scores: Load
    comparisons: Load
    champion: bool
    batched: bool

    @property
    def own_tokens(self) -> float:
        """Tokens of a prompt on average, without system text."""
        return (self.input_tokens - self.system_tokens) / max(self.prompts, 1)

    @property
    def everyone(self) -> int:
        """The prompts of the seeds and those that expansion adds."""
        return self.prompts + self.config.expansion.target_prompts

    @property
    def holdout(self) -> float:
        """How many prompts are held out."""
        return self.prompts * self.config.split.holdout_share

    @property
    def judged(self) -> float:
        """How many of them a judge sees."""
        judge = self.config.evaluation.judge
        return min(self.holdout, judge.max_prompts if judge else 0)

    @property
    def lines(self) -> int:
        """Training lines of a prompt."""
        return self.config.sampling.answers if self.config.examples.policy == "proportional" else 1


class Estimate(Record, frozen=True):
    """The expected cost of a run in USD: `0-run/estimate.json`. Read by the budget check, people and the report.
    `base_usd`: the untouched small model, with and without examples. `distillation_usd`: what Bedrock's own
    distillation asks. `comparisons_usd` is a part of `judging_usd`. `total_usd` holds the margin, `ceiling_usd` is the
    total of answers as long as maxTokens. Storage is a month's, in no total.
    """

    teacher_usd: float
    base_usd: float
    training_usd: float
    evaluation_usd: float
    total_usd: float
    ceiling_usd: float
    storage_usd_month: float
    tokens: dict[str, int]
    assumptions: tuple[str, ...]
    expansion_usd: float = 0.0
    ratings_usd: float = 0.0
    judging_usd: float = 0.0
    comparisons_usd: float = 0.0
    distillation_usd: float = 0.0


def workload(
    prompts: Iterable[Prompt],
    task: Task,
    config: RunConfig,
    models: Models,
    *,
    champion: bool = False,
    batched: bool = True,
) -> Workload:
    """Counts the tokens of the seeds' `prompts`, a stream. `champion`: what serves the dataset answers the holdout too.
    `batched`: teacher and base are asked in batch jobs.
    """
    count, own, system, *references = _counted(prompts)
    tokens, mean = system + own, (system + own) / max(count, 1)
    length, basis = _expected_output(task, config.sampling.max_tokens, *references)
    scores, comparisons = judging_loads(config, mean, length, champion=champion)
    return Workload(
        config=config,
        models=models,
        prompts=count,
        input_tokens=tokens,
        system_tokens=system,
        output_tokens_an_answer=length,
        output_basis=basis,
        expansion=expansion_load(config.expansion, own / max(count, 1), system / max(count, 1)),
        ratings=rating_load(config, mean + length),
        scores=scores,
        comparisons=comparisons,
        champion=champion,
        batched=batched,
    )


def _counted(prompts: Iterable[Prompt]) -> tuple[int, int, int, int, int]:
    """Prompts, tokens of their own texts and of their system texts; references and their tokens."""
    count = own = system = references = reference_tokens = 0
    for prompt in prompts:
        count += 1
        system += estimate_tokens(prompt.system)
        own += sum(map(estimate_tokens, (*prompt.earlier, prompt.prompt)))
        references += prompt.reference is not None
        reference_tokens += estimate_tokens(prompt.reference or "")
    return count, own, system, references, reference_tokens


def _expected_output(task: Task, max_tokens: int, references: int, reference_tokens: int) -> tuple[int, str]:
    if task.kind is TaskKind.LABEL and task.labels:
        return max(map(estimate_tokens, task.labels)), "the longest label"
    if task.kind is TaskKind.TEXT and references:
        return min(max_tokens, math.ceil(reference_tokens / references)), f"the mean of {references} references"
    return math.ceil(max_tokens * UNKNOWN_OUTPUT_SHARE), f"half of maxTokens ({max_tokens})"


def estimate(work: Workload, prices: Prices) -> Estimate:
    """The cost of `work`. Raises InvalidInput where a model has no price: a budget cannot be kept on a guess."""
    tokens = tokens_of(work, work.output_tokens_an_answer, work.expansion.output_tokens)
    most = tokens_of(work, work.config.sampling.max_tokens, work.expansion.most_output_tokens)
    expected, ceiling = stage_costs(work, prices, tokens), stage_costs(work, prices, most)
    storage = _priced(prices, work.models.student).storage_month
    return Estimate(
        **expected,
        comparisons_usd=_compared_usd(work, prices, tokens),
        total_usd=round(sum(expected.values()), 6),
        ceiling_usd=round(sum(ceiling.values()), 6),
        storage_usd_month=storage.usd if storage else 0.0,
        tokens=tokens,
        assumptions=_assumptions(work, prices),
    )


def tokens_of(work: Workload, output: int, expansion_output: int) -> dict[str, int]:
    """Tokens by what they are for, margin included, where an answer has `output` tokens."""
    config, training, holdout = work.config, work.config.training, work.holdout
    managed, few_shot, samples = training.managed, config.arms.few_shot, config.sampling.answers
    prompt = work.input_tokens / max(work.prompts, 1)
    # One that has no seeds has no prompts either, whatever its target.
    trainable = work.everyone - holdout if work.prompts else 0
    answers = (holdout if managed else work.everyone) * samples if work.prompts else 0
    judged, predictions = work.judged, holdout * (1 + config.evaluation.samples)
    shown = holdout * (len(FEW_SHOT_DRAWS) + config.evaluation.samples) if few_shot else 0
    compared = judged + CONTROL_PAIRS if judged else 0
    lines = min(trainable * work.lines, config.most_lines)
    # A job takes so many lines for validation; the others of that share are trained on.
    watched = min(lines * config.shares.validation_share, MAX_VALIDATION_SAMPLES)
    watched = watched if watched >= MIN_SAMPLES else 0.0
    lines -= watched
    asked = watched / max(work.lines, 1) * training.trainings if training.trainings > 1 else 0
    a_shot = work.own_tokens + output  # an example that is shown repeats no system text
    exact = {
        "expansionInput": work.expansion.input_tokens,
        "expansionOutput": expansion_output,
        "teacherInput": answers * prompt,
        "teacherOutput": answers * output,
        "ratingsInput": trainable * work.ratings.calls * work.ratings.input_tokens,
        "ratingsOutput": trainable * work.ratings.calls * work.ratings.output_tokens,
        "judgingInput": judged * work.scores.input_tokens,
        "judgingOutput": judged * work.scores.output_tokens,
        "comparisonsInput": compared * work.comparisons.input_tokens,
        "comparisonsOutput": compared * work.comparisons.output_tokens,
        "distillationInput": lines * prompt * managed,
        "distillationOutput": lines * output * managed,
        "training": lines * (prompt + output) * (passes_of(config) + training.epoch_count * config.arms.direct),
        "armInput": predictions * prompt,
        "armOutput": predictions * output,
        "fewShotInput": shown * (prompt + few_shot * a_shot),
        "fewShotOutput": shown * output,
    }
    if asked:
        exact |= {"choosingInput": asked * prompt, "choosingOutput": asked * output}
    return {name: math.ceil(round(count * (1 + TOKEN_MARGIN), 6)) for name, count in exact.items()}


def stage_costs(work: Workload, prices: Prices, tokens: Mapping[str, int]) -> dict[str, float]:
    """USD by stage, as the fields of an Estimate are called."""
    teacher, student = _route(_priced(prices, work.models.teacher), work.batched), _priced(prices, work.models.student)
    asked, config = _judge(work, prices), work.config
    judge, compared = _route(asked, work.batched), _compared_usd(work, prices, tokens)
    base, deployed = _route(student, work.batched), config.training.repeats + config.arms.direct + work.champion
    return {
        "expansion_usd": _usd(teacher, tokens, "expansion"),
        "teacher_usd": _usd(teacher, tokens, "teacher"),
        "ratings_usd": _usd(judge, tokens, "ratings"),
        "judging_usd": round(_usd(asked.on_demand, tokens, "judging") + compared, 6),
        "distillation_usd": _usd(_priced(prices, work.models.teacher).on_demand, tokens, "distillation"),
        "base_usd": tokens_usd(
            base, tokens["armInput"] + tokens["fewShotInput"], tokens["armOutput"] + tokens["fewShotOutput"]
        ),
        "training_usd": round(tokens["training"] * (student.training.input if student.training else 0.0) / MILLION, 6),
        "evaluation_usd": tokens_usd(
            student.on_demand,
            tokens["armInput"] * deployed + tokens.get("choosingInput", 0),
            tokens["armOutput"] * deployed + tokens.get("choosingOutput", 0),
        ),
    }


def _usd(price: TokenPrice, tokens: Mapping[str, int], purpose: str) -> float:
    return tokens_usd(price, tokens[f"{purpose}Input"], tokens[f"{purpose}Output"])


def _judge(work: Workload, prices: Prices) -> ModelPrice:
    judges, models = work.ratings.calls or work.config.evaluation.judge, work.models
    return _priced(prices, models.judge if judges and models.judge else models.teacher)


def _compared_usd(work: Workload, prices: Prices, tokens: Mapping[str, int]) -> float:
    judge = _route(_judge(work, prices), work.batched)
    return _usd(judge, tokens, "comparisons")


def _route(price: ModelPrice, batched: bool) -> TokenPrice:
    cheap = price.batch if batched else price.flex
    return cheap or price.on_demand


def _priced(prices: Prices, model_id: str) -> ModelPrice:
    price = price_of(prices, model_id)
    if price is None:
        raise InvalidInput(
            f"The cost of this run cannot be estimated: prices.json has no price for {model_id}.",
            [
                f"Known: {', '.join(sorted(prices.models))}. Add {model_id} to "
                "functions/distillation/bedrock/prices.json, with its date and source, and deploy again."
            ],
        )
    return price


def _assumptions(work: Workload, prices: Prices) -> tuple[str, ...]:
    config, training = work.config, work.config.training
    pilot = min(config.pilot.prompts, work.prompts)
    dates = sorted({_priced(prices, model).on_demand.date for model in (work.models.teacher, work.models.student)})
    several = f"Up to {work.lines} training examples (policy proportional)"
    lines = "One training example" if work.lines == 1 else several
    trainings = [
        f"The student is trained {training.trainings} times. Each training answers the validation prompts, and "
        f"{training.repeats} of them the holdout. Two are trained at a time, about an hour each."
    ] * (training.trainings > 1)
    return (
        f"Nova's tokenizer is not public. Tokens are estimated: {ASCII_CHARACTERS_PER_TOKEN} ASCII characters or "
        f"{OTHER_BYTES_PER_TOKEN} bytes of other text are one, plus {TOKEN_MARGIN:.0%}.",
        *work.expansion.assumptions,
        f"An answer is assumed to have {work.output_tokens_an_answer} tokens: {work.output_basis}.",
        (
            f"Every prompt{' of the holdout' if training.managed else ''} is asked {config.sampling.answers} times, "
            "without retries and without answers from the cache."
        ),
        *([MANAGED_ASSUMPTION] if training.managed else []),
        (
            f"{lines} a prompt that is not in the holdout, at most {config.most_lines:,}, {training.epoch_count} "
            f"epochs{', two models' if config.arms.direct else ''}."
        ),
        *trainings,
        *work.ratings.assumptions,
        *work.scores.assumptions,
        *([f"The pilot's {pilot} answers are among the teacher's."] if pilot else []),
        "The teacher's answers on the holdout are part of its batch and not asked twice.",
        *(["What serves the dataset today answers the holdout too, at the student's price."] if work.champion else []),
        f"Prices of {prices.region}, {' and '.join(dates)}. S3, Lambda, Step Functions and DynamoDB are not counted.",
    )


def passes_of(config: RunConfig) -> float:
    """Passes over the training lines of all trainings together: a repeat over 90 % of them, with the most epochs of any
    candidate.
    """
    training, policy, samples = config.training, config.examples.policy, config.sampling.answers
    usual = samples if policy == "proportional" else 1

    def passes(setting: CandidateSetting) -> float:
        lines = (samples if (setting.policy or policy) == "proportional" else 1) / usual
        if setting.max_examples:
            lines = min(lines, setting.max_examples / config.most_lines)
        return (setting.epoch_count or training.epoch_count) * lines

    first = [passes(one) for one in training.candidates] or [float(training.epoch_count)]
    return sum(first) + (training.repeats - 1) * REPEAT_SHARE * max(first)
