"""A metric of the run's own for a Bedrock evaluation job: what the judge is told, and the scale that it rates on."""

from typing import NamedTuple


class JudgeMetric(NamedTuple):
    """A custom metric (API_CustomMetricDefinition).

    `name`: 1-63 of [0-9a-zA-Z-_.]. `instructions`: at most 5,000 characters, with {{prompt}}, {{prediction}} and, where the reference counts, {{ground_truth}};
    AWS asks that these come last. `ratings`: definition (at most five words, 100 characters) -> number, at most ten.
    """

    name: str
    instructions: str
    ratings: tuple[tuple[str, float], ...]
