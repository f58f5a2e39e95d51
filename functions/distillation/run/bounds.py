"""What a file below seeds/ may not loosen: who may upload seeds decides what is taught, not what may be promoted."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from distillation.run.config import RunConfig  # pydantic, which few functions load: every one reads the bounds


class DeploymentBounds(NamedTuple):
    """Settings of the deployment.

    `auto_promotion`: the datasets whose uploads may promote without a person's word.
    """

    largest_gate_margin: float = 0.1
    smallest_canary_agreement: float = 0.8
    auto_promotion: frozenset[str] = frozenset()


def bounded(
    config: "RunConfig", execution_input: Mapping[str, Any], bounds: DeploymentBounds
) -> "tuple[RunConfig, list[str]]":
    """`config` with what the dataset's input.json loosened beyond `bounds` brought back to them, and one line for each
    bound that changed it.

    What the execution input itself names stands: who may start executions may decide. An execution input that names
    the dataset alone is the upload's, and its student waits for a person's word unless the dataset is listed.
    """
    asked = config.to_json()
    found = config.to_json()
    gate, own_gate = found["gate"], _named(execution_input, "gate")
    most = bounds.largest_gate_margin
    for key in ("margin", "sliceMargin"):
        if key not in own_gate and gate[key] is not None:
            gate[key] = min(gate[key], most)
    own_margins = _named(own_gate, "margins")
    gate["margins"] = {
        name: margin if name in own_margins else min(margin, most) for name, margin in gate["margins"].items()
    }
    if "canaryAgreement" not in _named(execution_input, "serving"):
        serving = found["serving"]
        serving["canaryAgreement"] = max(serving["canaryAgreement"], bounds.smallest_canary_agreement)
    if set(execution_input) <= {"dataset"} and config.dataset not in bounds.auto_promotion:
        found["promotion"] = "approve" if config.promotion == "auto" else config.promotion
    return config.from_json(found), _changes(asked, found)


_SETTING = {
    "margin": "largestGateMargin",
    "sliceMargin": "largestGateMargin",
    "canaryAgreement": "smallestCanaryAgreement",
    "promotion": "autoPromotionDatasets",
}


def _named(given: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = given.get(key)
    return value if isinstance(value, Mapping) else {}


def _changes(asked: Mapping[str, Any], found: Mapping[str, Any], path: str = "") -> list[str]:
    lines: list[str] = []
    for key, value in asked.items():
        if isinstance(value, Mapping):
            lines += _changes(value, found[key], f"{path}{key}.")
        elif value != found[key]:
            setting = _SETTING.get(key, "largestGateMargin")
            lines.append(f"{path}{key}: {value} became {found[key]}, the deployment's {setting}")
    return lines
