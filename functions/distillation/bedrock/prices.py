"""What a run will cost and what it did cost, in USD. Prices and their sources are in prices.json, read here and nowhere
else.

prices = load_prices()
estimate(workload(prompts, task, config, ...), prices)      before the run: PrepareRun writes it to 0-run/estimate.json
actual_cost(usages, prices)                         after it, from Bedrock's own token counts
"""

from importlib import resources

import msgspec

from distillation.records import Record

TOKEN_MARGIN = 0.20
"""Added to every estimated token count, because `estimate_tokens` is not Nova's tokenizer."""

UNKNOWN_OUTPUT_SHARE = 0.5
"""Share of maxTokens that a free answer is assumed to take, where no seed carries a reference to learn it from."""

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


def load_prices() -> Prices:
    """The prices that this release ships."""
    return msgspec.json.decode((resources.files("distillation.bedrock") / "prices.json").read_bytes(), type=Prices)


def price_of(prices: Prices, model_id: str) -> ModelPrice | None:
    """The price of a model by its id, tunable form (`...:128k`), inference profile (`us.amazon...`) or ARN, or None."""
    name = model_id.rsplit("/", 1)[-1]
    for known in prices.models:
        if known in (name, name.rsplit(":", 1)[0]) or name.partition(".")[2] == known:
            return prices.models[known]
    return None


def tokens_usd(price: TokenPrice, input_tokens: int, output_tokens: int) -> float:
    """USD of so many tokens at a price, rounded to a millionth."""
    return round((input_tokens * price.input + output_tokens * price.output) / MILLION, 6)


def answer_cost(price: ModelPrice, input_tokens: int, output_tokens: int) -> float:
    """USD of one answer at the on-demand price, at which the arms would serve, whatever route was taken."""
    return (input_tokens * price.on_demand.input + output_tokens * price.on_demand.output) / MILLION
