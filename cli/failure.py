"""A failed run in plain words: what happened, line by line, and what to do next. Pure."""

from dataclasses import dataclass

from cli.observed import Execution, json_object
from distillation.run_layout import RunLayout

_NEXT_STEPS = {
    "InvalidInput": "Correct these lines, check them with `python -m cli validate`, and upload or start again. Every problem is in {rejected_seeds}",
    "BudgetExceeded": "Raise `maxUsd` in the input, or ask for fewer samples or prompts. The estimate is in {estimate}",
    "RecordsLost": "Records went in and did not come out: keep the run's files (`python -m cli fetch {run_id} --to DIR`) and report it as a defect.",
    "NotEnoughAnswers": "See why the answers were rejected in {answers}rejected-*.jsonl, then change the prompts or the sampling.",
    "NotEnoughExamples": "See why examples were rejected in {dataset}rejected.jsonl; more seeds, or a less strict task, make more examples.",
    "TuningFailed": "Bedrock's own reason is above. Start again with `--run-id {run_id}`: what was answered already is not paid for twice.",
    "DeploymentFailed": "Bedrock's own reason is above. Start again with `--run-id {run_id}`: answers and the tuning job are taken over.",
    "ThrottledByBedrock": "A quota was hit for too long: see Service Quotas, lower `batches.maxConcurrent`, start later with `--run-id {run_id}`.",
    "States.Timeout": "A state took longer than it may. Start again with `--run-id {run_id}`: finished work is taken over.",
}
_STOPPED = "The execution was stopped from outside. Start again with `--run-id {run_id}` to go on where it stood."
_OTHERWISE = "Look at the failed state in the console and at its function's log; start again with `--run-id {run_id}` to take over the finished work."


@dataclass(frozen=True, slots=True)
class Failure:
    """`lines` are the cause as it should be read, first the headline; `next_step` one sentence with the file to look at (a key in the run's bucket)."""

    error: str
    lines: tuple[str, ...]
    next_step: str


def failure_of(execution: Execution, run_id: str) -> Failure | None:
    """None while the run goes on and when it succeeded."""
    if execution.running or execution.status == "SUCCEEDED":
        return None
    error, cause = _in_plain_words(execution)
    template = _STOPPED if execution.status == "ABORTED" else _NEXT_STEPS.get(error, _OTHERWISE)
    return Failure(error, tuple(line for line in cause.splitlines() if line.strip()), template.format(run_id=run_id, **_places(run_id)))


def _in_plain_words(execution: Execution) -> tuple[str, str]:
    """A function's own error travels as JSON with class, message and trace: the trace is left to the log."""
    lambda_error = json_object(execution.cause)
    error = str(lambda_error.get("errorType") or execution.error or execution.status)
    return error, str(lambda_error.get("errorMessage") or execution.cause)


def _places(run_id: str) -> dict[str, str]:
    layout = RunLayout(run_id)
    return {"rejected_seeds": layout.rejected_seeds, "estimate": layout.estimate, "answers": layout.answers_prefix, "dataset": layout.dataset_prefix}
