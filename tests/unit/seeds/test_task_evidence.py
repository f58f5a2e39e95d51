"""The kind of task, where the input says it. What follows from references is in test_seeds_to_prompts."""

import pytest

from distillation.run.config import TaskInput
from distillation.seeds.task_evidence import TaskEvidence
from distillation.task import TaskKind


@pytest.mark.parametrize("kind", ["json", "auto"])
def test_an_output_schema_makes_it_a_json_task(kind: str) -> None:
    task = TaskEvidence(TaskInput.model_validate({"kind": kind, "outputSchema": {"type": "object"}})).resolve()
    assert (task.kind, task.output_schema) == (TaskKind.JSON, {"type": "object"})


def test_a_json_task_needs_no_schema() -> None:
    task = TaskEvidence(TaskInput.model_validate({"kind": "json"})).resolve()
    assert (task.kind, task.output_schema) == (TaskKind.JSON, None)
