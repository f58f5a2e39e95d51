"""A run that failed -> its report: what failed, what exists, what was deleted, what to do next."""

from collections.abc import Mapping
from typing import Any

import msgspec

from distillation.layout import RunLayout
from distillation.records import CleanUp, Leftover, Record
from distillation.report.page_environment import pages

NEXT = "What to do next: "
"""Begins the advice in an execution's cause."""
_NEXT = {
    "InvalidInput": (
        "Correct what the cause lists; rejected seeds are all in {rejected}. Then upload or start again: nothing "
        "was paid for."
    ),
    "BudgetExceeded": (
        "Raise maxUsd, or do what the cause says instead. {estimate} says what costs what; a rerun with the same "
        "runId takes over all that was paid for."
    ),
    "SpendingDeclined": (
        "Nothing was paid for. Start again with fewer seeds or a lower sampling.sampled, or with the same runId to ask "
        "again; {estimate} says what costs what."
    ),
    "PilotFailed": (
        "Mend the setting that the cause names and start again, without a runId: the pilot's answers are taken over."
    ),
    "RecordsLost": (
        "This is a fault of the pipeline, not of the seeds. Keep the run's folder, and report the ids of the cause "
        "with the release's version."
    ),
    "NotEnoughAnswers": (
        "Read the reasons in {answers} (rejected-*.jsonl). Where Bedrock failed the jobs, mend that and start again "
        "with the same runId."
    ),
    "NotEnoughExamples": (
        "Read in {dataset}rejected.jsonl why prompts made no example, and mend the setting that the reason names "
        "(task, sampling.maxTokens, filters). Give more seeds where most of them did make one."
    ),
    "TuningFailed": (
        "The cause is Bedrock's own message. Mend it and start again with the same runId: the teacher's answers are "
        "not paid for again."
    ),
    "DeploymentFailed": (
        "The cause is Bedrock's own message. Start again with the same runId: the answers and the dataset are kept."
    ),
    "CanaryFailed": (
        "The dataset's stable deployment serves what it served before. Read in the cause which answers differed, "
        "then `python -m cli promote`."
    ),
    "QuotaFull": (
        "For three days the account held as many jobs, models or deployments as it is allowed to. Delete what is no "
        "longer needed or raise the quota that the cause names, and start again with the same runId."
    ),
    "DiskFull": ("Follow the cause, and start again with the same runId: what was paid for is taken over."),
    "ThrottledByBedrock": (
        "A quota stayed exhausted through all retries. Raise it or lower batches.maxConcurrent, and start again "
        "with the same runId."
    ),
    "Aborted": "Somebody stopped it. Start again with the same runId to go on: what was paid for is taken over.",
    "States.Timeout": (
        "The run waited longer than it is allowed to. Look at the jobs in {ledger}; if they still worked, raise "
        "batches.timeoutHours and start again."
    ),
    "States.Runtime": (
        "Nothing in the run could catch this end. Where the cause names the history's 25,000 events: start again with "
        "the same runId, so that a new execution begins with what was paid for. Otherwise read the execution's history."
    ),
    "StillCosts": (
        "The verdict stands. Mend the reason why it could not be deleted (a role's permission, perhaps), then run the "
        "commands that the cause lists."
    ),
    "Transient": (
        "A connection or a service of AWS failed through all retries. Start again with the same runId: what was paid "
        "for is taken over."
    ),
    "States.TaskFailed": "Read the function's log in CloudWatch: the execution's event history links to it.",
    "AccessDeniedException": (
        "A role lacks a permission. Read in the cause which, and deploy the stack again if it was changed by hand."
    ),
}
_OTHERWISE = (
    "Read the cause, and the log of the state's function in CloudWatch. Then start again with the same runId: what "
    "was paid for is taken over."
)


class FailureReport(Record, frozen=True):
    """`8-report/report.json` of a failed run, for people and the command line. `verdict` holds `decision` ("failed"),
    `headline` and `reasons`, as that of every run.
    """

    run_id: str
    dataset: str
    created_at: str
    verdict: dict[str, str | list[str]]
    state: str
    error: str
    cause: str
    counts: dict[str, int]
    deleted: tuple[str, ...]
    kept: tuple[str, ...]
    left: tuple[Leftover, ...]
    nothing_made: bool
    next_step: str


def build_failure_report(
    run_id: str, dataset: str, created_at: str, failure: Mapping[str, Any], counts: Mapping[str, int]
) -> FailureReport:
    """`failure`: `state` and `error` as Step Functions names them, `cause` in plain words, and the fields of CleanUp.
    Nothing was made only where the ledger names nothing of the run.
    """
    done = msgspec.convert(failure, CleanUp)
    state, error, cause = (str(failure[name]) for name in ("state", "error", "cause"))
    where = f" in {state}" if state else ""
    first = next((line.strip() for line in cause.splitlines() if line.strip()), "Step Functions gave no cause.")
    step = next_step(run_id, error)
    return FailureReport(
        run_id=run_id,
        dataset=dataset,
        created_at=created_at,
        verdict={
            "decision": "failed",
            "headline": f"Failed{where}: {error or 'unknown error'}.",
            "reasons": [*map(str, done.left), first, step],
        },
        state=state,
        error=error,
        cause=cause,
        counts=dict(counts),
        deleted=done.retired,
        kept=done.kept,
        left=done.left,
        nothing_made=not (done.known or done.left or done.retired or done.kept),
        next_step=step,
    )


def next_step(run_id: str, error: str) -> str:
    """What a person does after `error`, with the keys of this run's files."""
    layout = RunLayout(run_id)
    advice = _NEXT.get(error.rsplit(".", 1)[-1], _NEXT.get(error, _OTHERWISE))
    return advice.format(
        rejected=layout.rejected_seeds,
        estimate=layout.estimate,
        answers=layout.answers_prefix,
        dataset=layout.dataset_prefix,
        ledger=layout.ledger,
    )


def render_failure_html(report: FailureReport) -> str:
    """One HTML file without scripts; a content security policy forbids it any request."""
    return pages().get_template("failure.html").render(report=report, tone="bad")


def render_failure_markdown(report: FailureReport) -> str:
    """The same for a terminal or a mail."""
    return pages().get_template("failure.md").render(report=report)
