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
    "Bedrock's distillation is taken to ask the teacher once a prompt at the on-demand price, and to train as long."
)
"""It says neither what it asks nor how long it trains."""


class Workload(Record, frozen=True):
    """What a run will send and receive, in estimated tokens before the margin. `prompts`, `input_tokens` and the
    `system_tokens` among them are the seeds'; expansion adds `new_prompts` of the same length. `lines`: training lines
    of a prompt. `passes` over them are of all `trainings`, of which `repeats` meet the holdout. `managed`: Bedrock's
    distillation asks about what is learnt, this run about the holdout.
    """

    prompts: int
    new_prompts: int
    samples: int
    input_tokens: int
    system_tokens: int
    output_tokens_an_answer: int
    max_tokens: int
    output_basis: str
    holdout_share: float
    validation_share: float
    lines: int
    most_lines: int
    epochs: int
    passes: float
    trainings: int
    repeats: int
    expansion: Load
    ratings: Load
    scores: Load
    comparisons: Load
    most_judged: int
    few_shot: int
    direct: bool
    arm_samples: int
    managed: bool
    champion: bool
    pilot: int
    teacher: str
    student: str
    judge: str
    batched: bool

    @property
    def own_tokens(self) -> float:
        """Tokens of a prompt on average, without system text."""
        return (self.input_tokens - self.system_tokens) / max(self.prompts, 1)


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
    sampling, tokens = config.sampling, system + own
    length, basis = _expected_output(task, sampling.max_tokens, *references)
    samples, mean = sampling.greedy + sampling.sampled, tokens / max(count, 1)
    scores, comparisons = judging_loads(config, mean, length, champion=champion)
    return Workload(
        prompts=count,
        new_prompts=config.expansion.target_prompts,
        samples=samples,
        input_tokens=tokens,
        system_tokens=system,
        output_tokens_an_answer=length,
        max_tokens=sampling.max_tokens,
        output_basis=basis,
        holdout_share=config.split.holdout_share,
        validation_share=0.0 if config.training.managed else config.split.validation_share,
        lines=samples if config.examples.policy == "proportional" else 1,
        most_lines=config.most_lines,
        epochs=config.training.epoch_count,
        passes=passes_of(config, samples),
        trainings=config.training.trainings,
        repeats=config.training.repeats,
        expansion=expansion_load(config.expansion, mean),
        ratings=rating_load(config, samples, mean + length),
        scores=scores,
        comparisons=comparisons,
        most_judged=config.evaluation.judge.max_prompts if config.evaluation.judge else 0,
        few_shot=config.arms.few_shot,
        direct=config.arms.direct,
        arm_samples=config.evaluation.samples,
        managed=config.training.managed,
        champion=champion,
        pilot=min(config.pilot.prompts, count),
        teacher=models.teacher,
        student=models.student,
        judge=models.judge or models.teacher,
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
    most = tokens_of(work, work.max_tokens, work.expansion.most_output_tokens)
    expected, ceiling = stage_costs(work, prices, tokens), stage_costs(work, prices, most)
    storage = _priced(prices, work.student).storage_month
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
    everyone, holdout = work.prompts + work.new_prompts, work.prompts * work.holdout_share
    prompt, trainable = work.input_tokens / max(work.prompts, 1), everyone - holdout
    # One that has no seeds has no prompts either, whatever its target.
    trainable = trainable if work.prompts else 0
    answers = (holdout if work.managed else everyone) * work.samples if work.prompts else 0
    judged, predictions = min(holdout, work.most_judged), holdout * (1 + work.arm_samples)
    shown = holdout * (len(FEW_SHOT_DRAWS) + work.arm_samples) if work.few_shot else 0
    compared = judged + CONTROL_PAIRS if judged else 0
    shot = (work.input_tokens - work.system_tokens) / max(work.prompts, 1)  # a shown example repeats no system text
    lines = min(trainable * work.lines, work.most_lines)
    # A job takes so many lines for validation; the others of that share are trained on.
    watched = min(lines * work.validation_share, MAX_VALIDATION_SAMPLES)
    watched = watched if watched >= MIN_SAMPLES else 0.0
    lines -= watched
    asked = watched / max(work.lines, 1) * work.trainings if work.trainings > 1 else 0
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
        "distillationInput": lines * prompt * work.managed,
        "distillationOutput": lines * output * work.managed,
        "training": lines * (prompt + output) * (work.passes + work.epochs * work.direct),
        "armInput": predictions * prompt,
        "armOutput": predictions * output,
        "fewShotInput": shown * (prompt + work.few_shot * (shot + output)),
        "fewShotOutput": shown * output,
    }
    if asked:
        exact |= {"choosingInput": asked * prompt, "choosingOutput": asked * output}
    return {name: math.ceil(round(count * (1 + TOKEN_MARGIN), 6)) for name, count in exact.items()}


def stage_costs(work: Workload, prices: Prices, tokens: Mapping[str, int]) -> dict[str, float]:
    """USD by stage, as the fields of an Estimate are called."""
    teacher, student = _route(_priced(prices, work.teacher), work.batched), _priced(prices, work.student)
    asked = _judge(work, prices)
    judge, compared = _route(asked, work.batched), _compared_usd(work, prices, tokens)
    base, deployed = _route(student, work.batched), work.repeats + work.direct + work.champion
    return {
        "expansion_usd": _usd(teacher, tokens, "expansion"),
        "teacher_usd": _usd(teacher, tokens, "teacher"),
        "ratings_usd": _usd(judge, tokens, "ratings"),
        "judging_usd": round(_usd(asked.on_demand, tokens, "judging") + compared, 6),
        "distillation_usd": _usd(_priced(prices, work.teacher).on_demand, tokens, "distillation"),
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
    return _priced(prices, work.judge if work.ratings.calls or work.most_judged else work.teacher)


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
    dates = sorted({_priced(prices, model).on_demand.date for model in (work.teacher, work.student)})
    several = f"Up to {work.lines} training examples (policy proportional)"
    lines = "One training example" if work.lines == 1 else several
    trainings = [
        f"The student is trained {work.trainings} times; each training answers the validation prompts, {work.repeats} "
        "of them the holdout. Two are trained at a time, about an hour each."
    ] * (work.trainings > 1)
    return (
        f"Nova's tokenizer is not public. Tokens are estimated: {ASCII_CHARACTERS_PER_TOKEN} ASCII characters or "
        f"{OTHER_BYTES_PER_TOKEN} bytes of other text are one, plus {TOKEN_MARGIN:.0%}.",
        *work.expansion.assumptions,
        f"An answer is taken as {work.output_tokens_an_answer} tokens long: {work.output_basis}.",
        (
            f"Every prompt{' of the holdout' if work.managed else ''} is asked {work.samples} times, without retries "
            "and without answers from the cache."
        ),
        *([MANAGED_ASSUMPTION] if work.managed else []),
        (
            f"{lines} a prompt that is not in the holdout, at most {work.most_lines:,}, {work.epochs} "
            f"epochs{', two models' if work.direct else ''}."
        ),
        *trainings,
        *work.ratings.assumptions,
        *work.scores.assumptions,
        *([f"The pilot's {work.pilot} answers are among them."] if work.pilot else []),
        "The teacher's answers on the holdout are part of its batch and not asked twice.",
        *(["What serves the dataset today answers the holdout too, at the student's price."] if work.champion else []),
        f"Prices of {prices.region}, {' and '.join(dates)}. S3, Lambda, Step Functions and DynamoDB are not counted.",
    )


def passes_of(config: RunConfig, samples: int) -> float:
    """Passes over the training lines of all trainings together: a repeat over 90 % of them, with the most epochs of any
    candidate.
    """
    training, policy = config.training, config.examples.policy
    usual = samples if policy == "proportional" else 1

    def passes(setting: CandidateSetting) -> float:
        lines = (samples if (setting.policy or policy) == "proportional" else 1) / usual
        if setting.max_examples:
            lines = min(lines, setting.max_examples / config.most_lines)
        return (setting.epoch_count or training.epoch_count) * lines

    first = [passes(one) for one in training.candidates] or [float(training.epoch_count)]
    return sum(first) + (training.repeats - 1) * REPEAT_SHARE * max(first)
