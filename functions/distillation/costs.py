"""What a run will cost and what it did cost, in USD. Prices and their sources are in prices.json, read here and nowhere else.

prices = load_prices()
estimate(workload(prompts, task, ...), prices)      before the run: PrepareRun writes it to 0-run/estimate.json
actual_cost(usages, prices)                         after it, from Bedrock's own token counts
"""

import math
from collections.abc import Iterable
from importlib import resources

import msgspec

from distillation.errors import InvalidInput
from distillation.records import Prompt, Record
from distillation.task import Task, TaskKind

CHARACTERS_PER_TOKEN = 4
"""Of ASCII text. Nova's tokenizer is not public; four characters a token is the usual rule for English. Every other character counts as a whole token."""

MARGIN = 0.20
"""Added to every estimated token count, because the rule above is not Nova's tokenizer."""

UNKNOWN_OUTPUT_SHARE = 0.5
"""Of maxTokens: the length assumed of free answers when no seed carries a reference to learn it from."""

MILLION = 1_000_000


class TokenPrice(Record, frozen=True):
    """USD a million tokens."""

    input: float
    output: float
    date: str
    source: str


class StoragePrice(Record, frozen=True):
    """USD a custom model and month."""

    usd: float
    date: str
    source: str


class ModelPrice(Record, frozen=True):
    """The prices of one foundation model and of what is tuned from it; None where this project knows none."""

    on_demand: TokenPrice
    batch: TokenPrice | None = None
    flex: TokenPrice | None = None
    training: TokenPrice | None = None
    storage_month: StoragePrice | None = None


class Prices(Record, frozen=True):
    """prices.json."""

    currency: str
    region: str
    unit: str
    models: dict[str, ModelPrice]


class Workload(Record, frozen=True):
    """What a run will send and receive, in estimated tokens before the margin. Made by `workload`, read by `estimate`."""

    prompts: int
    samples: int
    input_tokens: int
    output_tokens_an_answer: int
    max_tokens: int
    output_basis: str
    holdout_share: float
    validation_share: float
    epochs: int
    teacher: str
    student: str
    teacher_batched: bool
    base_batched: bool


class Estimate(Record, frozen=True):
    """The expected cost of a run in USD: `0-run/estimate.json`. Made by PrepareRun, read by the budget check, people and the report.

    `total_usd` holds the margin; `ceiling_usd` is the total if every answer were as long as maxTokens. Storage is a month's and not part of the totals.
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


class Usage(Record, frozen=True):
    """Tokens of one stage as Bedrock counted them. `route` is onDemand, batch, flex or training; for training, `input_tokens` = trained tokens x epochs."""

    stage: str
    model: str
    route: str
    input_tokens: int
    output_tokens: int = 0


class CostLine(Record, frozen=True):
    """One stage's tokens and price; `usd` is None where prices.json has no price for it."""

    stage: str
    model: str
    route: str
    input_tokens: int
    output_tokens: int
    usd: float | None


class Costs(Record, frozen=True):
    """What a run did cost. `total_usd` leaves out the lines without a price, which `unpriced` names."""

    lines: tuple[CostLine, ...]
    total_usd: float
    unpriced: tuple[str, ...]


def load_prices() -> Prices:
    """The prices that this release ships."""
    return msgspec.json.decode((resources.files("distillation") / "prices.json").read_bytes(), type=Prices)


def price_of(prices: Prices, model_id: str) -> ModelPrice | None:
    """The price of a model by its id, its tunable form (`...:128k`), its inference profile (`us.amazon...`) or an ARN of one of these; None if unknown."""
    name = model_id.rsplit("/", 1)[-1]
    for known in prices.models:
        if known in (name, name.rsplit(":", 1)[0]) or name.partition(".")[2] == known:
            return prices.models[known]
    return None


def estimate_tokens(text: str) -> int:
    """Estimated tokens of `text`, before the margin: ASCII characters / 4 plus every other character."""
    plain = sum(character.isascii() for character in text)
    return math.ceil(plain / CHARACTERS_PER_TOKEN) + len(text) - plain


def workload(
    prompts: Iterable[Prompt],
    task: Task,
    *,
    samples: int,
    max_tokens: int,
    holdout_share: float,
    validation_share: float,
    epochs: int,
    teacher: str,
    student: str,
    teacher_batched: bool = True,
    base_batched: bool = True,
) -> Workload:
    """Counts the tokens of `prompts` (read once, as a stream). `samples`: answers a prompt, greedy and sampled; `teacher` and `student` are model ids."""
    count = tokens = references = reference_tokens = 0
    for prompt in prompts:
        count += 1
        tokens += estimate_tokens(prompt.system) + estimate_tokens(prompt.prompt)
        references += prompt.reference is not None
        reference_tokens += estimate_tokens(prompt.reference or "")
    length, basis = _expected_output(task, max_tokens, references, reference_tokens)
    return Workload(
        prompts=count,
        samples=samples,
        input_tokens=tokens,
        output_tokens_an_answer=length,
        max_tokens=max_tokens,
        output_basis=basis,
        holdout_share=holdout_share,
        validation_share=validation_share,
        epochs=epochs,
        teacher=teacher,
        student=student,
        teacher_batched=teacher_batched,
        base_batched=base_batched,
    )


def _expected_output(task: Task, max_tokens: int, references: int, reference_tokens: int) -> tuple[int, str]:
    if task.kind is TaskKind.LABEL and task.labels:
        return max(map(estimate_tokens, task.labels)), "the longest label"
    if task.kind is TaskKind.TEXT and references:
        return min(max_tokens, math.ceil(reference_tokens / references)), f"the mean of {references} references"
    return math.ceil(max_tokens * UNKNOWN_OUTPUT_SHARE), f"half of maxTokens ({max_tokens})"


def estimate(work: Workload, prices: Prices) -> Estimate:
    """The cost of `work`. Raises InvalidInput where prices.json has no price for one of the two models: a budget cannot be kept on a guess."""
    expected = _stage_costs(work, prices, work.output_tokens_an_answer)
    ceiling = _stage_costs(work, prices, work.max_tokens)
    storage = _priced(prices, work.student).storage_month
    return Estimate(
        **expected,
        total_usd=round(sum(expected.values()), 6),
        ceiling_usd=round(sum(ceiling.values()), 6),
        storage_usd_month=storage.usd if storage else 0.0,
        tokens=_tokens(work, work.output_tokens_an_answer),
        assumptions=_assumptions(work, prices),
    )


def _tokens(work: Workload, output: int) -> dict[str, int]:
    examples = work.prompts * (1 - work.holdout_share)
    prompt = work.input_tokens / max(work.prompts, 1)
    holdout = work.prompts * work.holdout_share
    exact = {
        "teacherInput": work.input_tokens * work.samples,
        "teacherOutput": work.prompts * work.samples * output,
        "training": examples * (1 - work.validation_share) * (prompt + output) * work.epochs,
        "armInput": holdout * prompt,
        "armOutput": holdout * output,
    }
    return {name: math.ceil(round(count * (1 + MARGIN), 6)) for name, count in exact.items()}


def _stage_costs(work: Workload, prices: Prices, output: int) -> dict[str, float]:
    tokens, teacher, student = _tokens(work, output), _priced(prices, work.teacher), _priced(prices, work.student)
    training = student.training.input if student.training else 0.0
    return {
        "teacher_usd": _usd(_route(teacher, work.teacher_batched), tokens["teacherInput"], tokens["teacherOutput"]),
        "base_usd": _usd(_route(student, work.base_batched), tokens["armInput"], tokens["armOutput"]),
        "training_usd": round(tokens["training"] * training / MILLION, 6),
        "evaluation_usd": _usd(student.on_demand, tokens["armInput"], tokens["armOutput"]),
    }


def _route(price: ModelPrice, batched: bool) -> TokenPrice:
    cheap = price.batch if batched else price.flex
    return cheap or price.on_demand


def _priced(prices: Prices, model_id: str) -> ModelPrice:
    price = price_of(prices, model_id)
    if price is None:
        raise InvalidInput(
            f"The cost of this run cannot be estimated: prices.json has no price for {model_id}.",
            [f"Known: {', '.join(sorted(prices.models))}. Add {model_id} to functions/distillation/prices.json, with its date and source, and deploy again."],
        )
    return price


def _usd(price: TokenPrice, input_tokens: int, output_tokens: int) -> float:
    return round((input_tokens * price.input + output_tokens * price.output) / MILLION, 6)


def _assumptions(work: Workload, prices: Prices) -> tuple[str, ...]:
    dates = sorted({_priced(prices, model).on_demand.date for model in (work.teacher, work.student)})
    return (
        f"Nova's tokenizer is not public. Tokens are estimated: {CHARACTERS_PER_TOKEN} ASCII characters are one, all others are one each, plus {MARGIN:.0%}.",
        f"An answer is taken as {work.output_tokens_an_answer} tokens long: {work.output_basis}.",
        f"Every prompt is asked {work.samples} times, without retries and without answers from the cache.",
        f"One training example a prompt that is not in the holdout, {work.epochs} epochs.",
        "The teacher's answers on the holdout are part of its batch and not asked twice.",
        f"Prices of {prices.region}, {' and '.join(dates)}. S3, Lambda, Step Functions and DynamoDB are not counted.",
    )


def actual_cost(usages: Iterable[Usage], prices: Prices) -> Costs:
    """What `usages` cost at `prices`, line by line."""
    lines = tuple(_cost_line(usage, prices) for usage in usages)
    unpriced = tuple(sorted({f"{line.stage}: {line.model}, {line.route}" for line in lines if line.usd is None}))
    return Costs(lines=lines, total_usd=round(sum(line.usd or 0.0 for line in lines), 6), unpriced=unpriced)


def _cost_line(usage: Usage, prices: Prices) -> CostLine:
    model = price_of(prices, usage.model)
    price = None if model is None else {"onDemand": model.on_demand, "batch": model.batch, "flex": model.flex, "training": model.training}.get(usage.route)
    usd = None if price is None else _usd(price, usage.input_tokens, usage.output_tokens)
    return CostLine(stage=usage.stage, model=usage.model, route=usage.route, input_tokens=usage.input_tokens, output_tokens=usage.output_tokens, usd=usd)


def answer_cost(price: ModelPrice, input_tokens: int, output_tokens: int) -> float:
    """USD of one answer at the on-demand price: the price at which the arms would serve, whatever route answered the holdout."""
    return (input_tokens * price.on_demand.input + output_tokens * price.on_demand.output) / MILLION
