"""The hyperparameters of a Nova Micro fine-tuning job: their ranges, and what they mean for the local student."""

from typing import NamedTuple

from local.bedrock.api.api_errors import invalid

# Name -> (lowest, highest, default); Amazon Nova user guide, "Hyperparameters".
_RANGES: dict[str, tuple[float, float, float]] = {
    "epochCount": (1, 5, 2),
    "learningRate": (1e-6, 1e-4, 1e-5),
    "learningRateWarmupSteps": (0, 100, 10),
    "batchSize": (1, 1, 1),
}


class Hyperparameters(NamedTuple):
    """The values of one job."""

    epoch_count: int
    learning_rate: float
    warmup_steps: int

    @property
    def training_time(self) -> float:
        """Epochs times learning rate, in units of the defaults: 1.0 for 2 epochs at 1e-5.

        Gradient descent for a time t acts like an L2 penalty of 1/t.
        """
        return self.epoch_count * self.learning_rate / 2e-5


def read_hyperparameters(given: dict[str, str]) -> Hyperparameters:
    """Values, defaults filled in.

    Raises ValidationException for an unknown name, a value out of range, or one that is not a number.
    """
    unknown = set(given) - set(_RANGES)
    if unknown:
        raise invalid(f"Unknown hyperparameters {sorted(unknown)}. Nova Micro takes {', '.join(sorted(_RANGES))}.")
    values = {name: _value(name, given.get(name, str(_RANGES[name][2]))) for name in _RANGES}
    return Hyperparameters(int(values["epochCount"]), values["learningRate"], int(values["learningRateWarmupSteps"]))


def _value(name: str, text: str) -> float:
    low, high, _ = _RANGES[name]
    try:
        value = float(text)
    except ValueError as error:
        raise invalid(f"The hyperparameter {name} must be a number, got '{text}'.") from error
    if not low <= value <= high:
        raise invalid(f"The hyperparameter {name} must be between {low:g} and {high:g}, got {text}.")
    if name != "learningRate" and value != int(value):
        raise invalid(f"The hyperparameter {name} must be a whole number, got {text}.")
    return value
