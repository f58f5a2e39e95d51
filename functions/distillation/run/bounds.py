"""What no input may loosen: whoever uploads seeds or starts runs decides what is taught, not what is promoted."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from distillation.run.config import RunConfig  # pydantic, which few functions load: every one reads the bounds


EVERY_DATASET = "*"
SMALLEST_CANARY = 20
"""Items of a canary whose agreement means something, where the deployment asks for any."""


class DeploymentBounds(NamedTuple):
    """Settings of the deployment. `auto_promotion`: the datasets whose runs may promote without a person's word, `*`
    for all. USD: 0 is no bound.
    """

    largest_gate_margin: float = 0.1
    smallest_canary_agreement: float = 0.8
    auto_promotion: frozenset[str] = frozenset()
    max_usd_per_run: float = 0
    max_usd_per_month: float = 0


def bounded(config: "RunConfig", bounds: DeploymentBounds) -> "tuple[RunConfig, list[str]]":
    """`config` within `bounds`, and one line for each bound that changed it: who may start executions may upload seeds
    too, and neither decides what is promoted.
    """
    asked, found = config.to_json(), config.to_json()
    gate, serving, most = found["gate"], found["serving"], bounds.largest_gate_margin
    for key in ("margin", "sliceMargin", "championMargin"):
        if gate[key] is not None:
            gate[key] = min(gate[key], most)
    gate["margins"] = {name: min(margin, most) for name, margin in gate["margins"].items()}
    for key in ("overBase", "overRivals"):
        gate[key] = gate[key] or most < 1  # leaving a comparison out is a margin of 100 points
    if bounds.smallest_canary_agreement:
        serving["canaryItems"] = max(serving["canaryItems"], SMALLEST_CANARY)
    serving["canaryAgreement"] = max(serving["canaryAgreement"], bounds.smallest_canary_agreement)
    if config.promotion == "auto" and not bounds.auto_promotion & {config.dataset, EVERY_DATASET}:
        found["promotion"] = "approve"
    return config.from_json(found), _changes(asked, found)


_SETTING = {
    "margin": "largestGateMargin",
    "sliceMargin": "largestGateMargin",
    "canaryItems": "smallestCanaryAgreement",
    "canaryAgreement": "smallestCanaryAgreement",
    "promotion": "autoPromotionDatasets",
}


def _changes(asked: Mapping[str, Any], found: Mapping[str, Any], path: str = "") -> list[str]:
    lines: list[str] = []
    for key, value in asked.items():
        if isinstance(value, Mapping):
            lines += _changes(value, found[key], f"{path}{key}.")
        elif value != found[key]:
            setting = _SETTING.get(key, "largestGateMargin")
            lines.append(f"{path}{key}: {value} became {found[key]}, the deployment's {setting}")
    return lines
