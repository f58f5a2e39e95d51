"""How long a run may take, by what its jobs wait for."""

from typing import Any

import pytest

from distillation.costs.estimate import workload
from distillation.costs.spans import hours
from distillation.records import Prompt
from distillation.run.input import resolve_config
from distillation.run.record import Models
from distillation.task import Task, TaskKind

NOVA = Models(
    teacher="amazon.nova-pro-v1:0",
    teacher_invoke="amazon.nova-pro-v1:0",
    student="amazon.nova-micro-v1:0:128k",
    base_invoke="amazon.nova-micro-v1:0",
)


@pytest.mark.parametrize(
    ("prompts", "settings", "low", "high"),
    [
        (10, {}, 0.02, 0.5),  # fewer requests than a batch job takes: call by call
        (10_000, {}, 0.2, 24),
        (200_000, {}, 0.4, 48),  # a million requests: twenty jobs of 50,000, ten at a time
        (200_000, {"batches": {"maxConcurrent": 20, "timeoutHours": 48}}, 0.2, 48),
        (200_000, {"deadlineHours": 30}, 0.4, 30),
        (10_000, {"deadlineHours": 0.1}, 0.1, 0.1),
    ],
)
def test_batch_jobs_wait_once_for_each_round_that_the_quota_forces_upon_them(
    prompts: int, settings: dict[str, Any], low: float, high: float
) -> None:
    config = resolve_config({"dataset": "d", **settings}, execution_name="x")
    one = Prompt(prompt_id="p", prompt="Works like new.", seed_id="s")
    work = workload([one] * prompts, Task(kind=TaskKind.LABEL, labels=("good", "bad")), config, NOVA)
    teacher = next(span for span in hours(work) if span.stage == "teacher")
    assert (teacher.low, teacher.high) == (pytest.approx(low), pytest.approx(high))
