"""Taking back what a run made in Bedrock, found through the ledger; never the stable deployment, which serves.

Nothing stops the clean-up: what cannot be stopped or deleted is said with its reason and the command that ends it.
"""

import json
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any

from msgspec import structs

from application.services import Services
from application.serving.promotion import student_model, undo_unverified, was_promoted
from application.waiting import jobs_of
from distillation.bedrock import job_names
from distillation.bedrock.job_status import GONE_STATUS, JobKind, JobOutcome, outcome_of
from distillation.bedrock.submission import RETIRING, RUN, set_run_state
from distillation.bedrock.waiting import JobLook
from distillation.errors import StillCosts, ThrottledByBedrock, Transient
from distillation.layout import RunLayout
from distillation.records import CleanUp, LedgerRow, Leftover
from distillation.run.input import run_of_execution
from distillation.run.record import RunRecord
from gateways.aws_errors import passes_by_itself

_COMMANDS = {
    JobKind.BATCH: "stop-model-invocation-job --job-identifier",
    JobKind.TUNING: "stop-model-customization-job --job-identifier",
    JobKind.EVALUATION: "stop-evaluation-job --job-identifier",
    JobKind.DEPLOYMENT: "delete-custom-model-deployment --custom-model-deployment-identifier",
}
_ORDER = (JobKind.DEPLOYMENT, JobKind.BATCH, JobKind.EVALUATION, JobKind.TUNING)
"""Deployments go first: a model that is deployed cannot be deleted (Bedrock user guide)."""


def dataset_named(execution_input: Any) -> str:
    """The dataset as the input spells it, empty where it names none."""
    return str(execution_input.get("dataset", "")) if isinstance(execution_input, dict) else ""


def plain_cause(cause: str) -> str:
    """The message of an exception in a Lambda's cause (`{"errorMessage": ...}`); any other cause as it is."""
    with suppress(ValueError, TypeError, KeyError):
        return str(json.loads(cause)["errorMessage"])
    return cause


def other_holder(services: Services, run_id: str, execution: str) -> str:
    """The execution that holds the run where that is not `execution`, else empty: the last that began it holds it."""
    row = services.ledger.row(run_id, RUN)
    return row.execution if row and row.execution and row.execution != execution else ""


PASSES_AT_LEAST = 2
"""A function that was under way when the run failed may submit a job after the first pass has looked."""
PASSES_AT_MOST = 10
"""How often busy resources are tried again, two minutes apart."""


def retire_pass(services: Services, rail: Mapping[str, Any]) -> dict[str, Any]:
    """One pass of the failure rail over everything that the run made, as the next states carry it: CleanUp's fields,
    with what earlier passes retired, `passes` so far, and `again` where another is to follow after a pause.

    `rail`: the execution's `input`, its `executionName`, and the `failure` (state, error, cause, and the last pass). An
    execution that failed in PrepareRun has made nothing: what its run id owns is an earlier execution's. Nothing is
    taken back either from a run that a later execution has taken over.
    """
    failure, name = rail["failure"], rail["executionName"]
    passes, done, run_id = failure.get("passes", 0) + 1, CleanUp(), run_of_execution(rail["input"], name)
    if failure["state"] != "PrepareRun" and not other_holder(services, run_id, name):
        done = retire_failed(services, run_id, dataset_named(rail["input"]), execution=name)
    again = done.known and (passes < PASSES_AT_LEAST or (done.busy and passes < PASSES_AT_MOST))
    return {
        "retired": list(dict.fromkeys([*failure.get("retired", []), *done.retired])),
        "kept": list(done.kept),
        "left": [{"what": left.what, "why": left.why[:1000], "command": left.command} for left in done.left],
        "known": done.known,
        "passes": passes,
        "again": again,
    }


def retire_failed(services: Services, run_id: str, dataset: str, *, execution: str) -> CleanUp:
    """The whole clean-up of a run that ended without success. Doing it twice is no error.

    From now on nothing is submitted for the run, until an execution of it begins anew. A run whose student was promoted
    keeps its models; a promotion that was not verified is taken back first.
    """
    set_run_state(services.ledger, run_id, RETIRING, execution=execution, now=services.now())
    try:
        promoted = was_promoted(services, run_id, dataset)
        undone = [] if promoted else undo_unverified(services, run_id)
        # A model that the stable deployment is just leaving cannot be deleted yet.
        keep = None if promoted or undone else _models_to_keep(services, run_id)
    except Exception as error:
        # What serves, or what is to stay, cannot be told: jobs and deployments go all the same, and every model stays.
        stable = job_names.stable_deployment(services.settings.app, dataset)
        unsure = Leftover(
            what=f"deployment {stable}, perhaps on an unverified model of this run",
            why=_said(error),
            command=f"python -m cli stop {run_id}",
        )
        done = retire(services, run_id, keep_models=None)
        return structs.replace(done, left=(unsure, *done.left), busy=done.busy or _passes(error), known=True)
    done = retire(services, run_id, keep_models=keep)
    return structs.replace(done, retired=(*undone, *done.retired), known=done.known or bool(undone))


def _models_to_keep(services: Services, run_id: str) -> Collection[str] | None:
    """ARNs, None for all. A model costs little to store and much to train again: it stays once the run has asked it,
    unless the input says otherwise; after a verdict as after one of hold.
    """
    store, layout = services.store, RunLayout(run_id)
    record = store.read_or_none(layout.run, RunRecord)
    if record is None:
        return ()
    if record.config.keep_model_on_failure:
        return None
    if store.get_or_none(layout.students) is None:
        return ()
    if store.get_or_none(layout.verdict) is not None:
        return [student_model(services, run_id)] if record.config.serving.keep_rejected_model else ()
    return () if record.config.keep_model_on_failure is False else None


def retire(services: Services, run_id: str, *, keep_models: Collection[str] | None = ()) -> CleanUp:
    """Goes through every ledger row: deletes the run's own deployments, stops jobs that still run, deletes its models.
    Doing it twice is no error.

    `keep_models`: ARNs of models that stay, None for all. A row without an ARN is looked up by its name: the reply of
    its submission may have been lost.
    """
    rows = [row for row in services.ledger.rows(run_id) if row.kind in _ORDER]
    rows.sort(key=lambda row: _ORDER.index(JobKind(row.kind)))
    ends = [_retire(row, services, keep_models) for row in rows]
    return CleanUp(
        retired=tuple(line for end in ends for line in end.retired),
        kept=tuple(line for end in ends for line in end.kept),
        left=tuple(left for end in ends for left in end.left),
        busy=any(end.busy for end in ends),
        known=bool(rows),
    )


def raise_left(done: CleanUp) -> None:
    """Raises ThrottledByBedrock where something may go later, StillCosts where something cannot be deleted."""
    if done.left:
        raise (ThrottledByBedrock if done.busy else StillCosts)("\n".join(map(str, done.left)))


def _retire(row: LedgerRow, services: Services, keep_models: Collection[str] | None) -> CleanUp:
    kind, arn, model = JobKind(row.kind), row.job_arn, row.model_arn
    if row.outcome is not None and row.status != GONE_STATUS and kind in (JobKind.BATCH, JobKind.EVALUATION):
        return CleanUp()  # Bedrock said that it has ended, and it leaves nothing that costs
    jobs: Any = services.deployments if kind is JobKind.DEPLOYMENT else jobs_of(kind, services)
    try:
        arn = arn or _found(row, jobs, services)
        seen = jobs.look(arn) if arn is not None else JobLook(status=GONE_STATUS)
        model = seen.model_arn or model if kind is JobKind.TUNING else None
        if kind is JobKind.DEPLOYMENT:
            return _delete_deployment(arn or "", seen, services)
        if outcome_of(kind, seen.status) is JobOutcome.RUNNING:
            jobs.stop(arn)
            return CleanUp(retired=(f"stopped {'customization' if kind is JobKind.TUNING else kind} job {arn}",))
        return _delete_model(model, services, keep_models) if model else CleanUp()
    except Exception as error:
        # Whatever it was, the rows after this one cost money too.
        command = _command(kind, model, arn)
        if kind is JobKind.TUNING and model is None:
            # Who may not look at the job cannot know whether it has ended; its model has the job's name.
            command += f"; if it has ended: {_command(kind, row.job_name, None)}"
        left = Leftover(what=model or arn or row.job_name, why=_said(error), command=command)
        return CleanUp(left=(left,), busy=_passes(error))


def _found(row: LedgerRow, jobs: Any, services: Services) -> str | None:
    """The ARN of a job whose row never got one; the ledger has it from now on."""
    arn: str | None = jobs.find(row.job_name)
    if arn is not None:
        services.ledger.submitted(row.run_id, row.job_name, arn)
    return arn


def _delete_deployment(arn: str, seen: JobLook, services: Services) -> CleanUp:
    if seen.status == GONE_STATUS:
        return CleanUp()
    services.deployments.delete(arn)
    return CleanUp(retired=(f"deleted deployment {arn}",))


def _delete_model(model: str, services: Services, keep_models: Collection[str] | None) -> CleanUp:
    if not services.tuning_jobs.model_exists(model):
        return CleanUp()
    if keep_models is None or model in keep_models:
        return CleanUp(kept=(f"custom model {model}, paid for by the month: {_command(JobKind.TUNING, model, None)}",))
    services.tuning_jobs.delete_model(model)
    return CleanUp(retired=(f"deleted custom model {model}",))


def _command(kind: JobKind, model: str | None, arn: str | None) -> str:
    place = (model or arn or "").split(":")
    region = f" --region {place[3]}" if len(place) > 4 else ""
    if model:
        return f"aws bedrock delete-custom-model --model-identifier {model}{region}"
    return f"aws bedrock {_COMMANDS[kind]} {arn or 'ARN'}{region}"


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _passes(error: Exception) -> bool:
    return isinstance(error, Transient) or passes_by_itself(error)
