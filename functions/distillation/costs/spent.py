"""What a run has cost, from Bedrock's own token counts."""

from collections.abc import Iterable

import msgspec

from distillation.bedrock.prices import Prices, price_of, tokens_usd
from distillation.records import Record


class CostLine(Record, frozen=True):
    """One stage's tokens as Bedrock counted them, and their price (None where prices.json has none). `route`: onDemand,
    batch, flex or training (`input_tokens` = trained tokens x epochs). `answers`: usable replies that came that way.
    """

    stage: str
    model: str
    route: str
    input_tokens: int
    output_tokens: int = 0
    usd: float | None = None
    answers: int = 0


class Costs(Record, frozen=True):
    """What a run did cost. `total_usd` leaves out the lines without a price, which `unpriced` names."""

    lines: tuple[CostLine, ...]
    total_usd: float
    unpriced: tuple[str, ...]


def actual_cost(usages: Iterable[CostLine], prices: Prices) -> Costs:
    """What `usages`, lines without a price, cost at `prices`, line by line."""
    lines = tuple(_cost_line(usage, prices) for usage in usages)
    unpriced = tuple(sorted({f"{line.stage}: {line.model}, {line.route}" for line in lines if line.usd is None}))
    return Costs(lines=lines, total_usd=round(sum(line.usd or 0.0 for line in lines), 6), unpriced=unpriced)


def _cost_line(usage: CostLine, prices: Prices) -> CostLine:
    model = price_of(prices, usage.model)
    price = (
        None
        if model is None
        else {"onDemand": model.on_demand, "batch": model.batch, "flex": model.flex, "training": model.training}.get(
            usage.route
        )
    )
    usd = None if price is None else tokens_usd(price, usage.input_tokens, usage.output_tokens)
    return msgspec.structs.replace(usage, usd=usd)
