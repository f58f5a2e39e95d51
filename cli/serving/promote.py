"""Bringing a run's student to serve its dataset by hand: the state machine's own steps, with the waiting done here."""

import time
from collections.abc import Callable
from typing import NamedTuple

from application.run_files import read_run
from application.services import Services
from application.serving.promotion import Verified, publish, serving, student_model, submit_promotion, verify
from cli.errors import CommandError
from cli.runs.report_file import VerdictResult, parse_report
from distillation.bedrock.job_status import JobKind, JobOutcome, outcome_of
from distillation.layout import RunLayout

LOOK_SECONDS, PATIENCE_LOOKS = 5.0, 720
"""A look every 5 seconds for an hour: nobody says how long an update takes. The command takes up what was begun."""


class Waiting(NamedTuple):
    """Who is at the terminal, how to wait, and how to tell."""

    person: str
    say: Callable[[str], None]
    sleep: Callable[[float], None] = time.sleep


class Candidate(NamedTuple):
    """A run's student that may be promoted, with the verdict on it and the run that serves now (None: nothing does)."""

    run_id: str
    dataset: str
    model_arn: str
    verdict: VerdictResult
    serves_now: str | None


def candidate(services: Services, dataset: str, run_id: str) -> Candidate:
    """Raises CommandError where the run cannot be promoted."""
    layout = RunLayout(run_id)
    if services.store.get_or_none(layout.run) is None:
        raise CommandError(f"There is no run {run_id}.", "`python -m cli runs` lists the newest ones.")
    if (of := read_run(services.store, run_id).dataset) != dataset:
        raise CommandError(
            f"The run {run_id} belongs to the dataset {of}, not to {dataset}.",
            f"python -m cli promote {of} --run {run_id}",
        )
    if services.store.get_or_none(layout.students) is None:
        raise CommandError(
            f"The run {run_id} has no student that answered the holdout.",
            f"`python -m cli watch {run_id}` shows how far it came.",
        )
    now = serving(services, dataset)
    if now and now.run_id == run_id:
        raise CommandError(f"The student of {run_id} serves {dataset} already.", "")
    verdict = parse_report(services.store.get_or_none(layout.report("report.json")), run_id).verdict
    return Candidate(run_id, dataset, student_model(services, run_id), verdict, now.run_id if now else None)


def promote(services: Services, chosen: Candidate, waiting: Waiting) -> str:
    """Moves the stable deployment, asks the canary and sets the parameter, whose name it gives. Where it raises
    CommandError, or what the application refuses, what served before serves again.
    """
    seen = bring_to_serve(services, chosen.run_id, chosen.dataset, chosen.model_arn, waiting)
    return publish(services, chosen.run_id, chosen.dataset, seen.deployment_arn, waiting.person)


def bring_to_serve(services: Services, run_id: str, dataset: str, model_arn: str, waiting: Waiting) -> Verified:
    """Has the stable deployment serve the model and pass the run's canary; else goes back and raises CommandError."""
    job = move(services, run_id, dataset, model_arn, waiting)
    seen = verify(services, run_id, job)
    if seen.why:
        if seen.back:
            waiting.say("The canary did not pass; moving back ...")
            await_move(services, run_id, seen.back, waiting)
        raise CommandError(
            f"Nothing was changed: {seen.why}.",
            "What served before goes on serving. Look at the model, or lower serving.canaryAgreement in a new run.",
        )
    waiting.say(f"Canary: {seen.canary.equal} of {seen.canary.asked} answers as in the run.")
    return seen


def move(services: Services, run_id: str, dataset: str, model_arn: str, waiting: Waiting) -> str:
    """Has the stable deployment take over the model and waits for it; gives the ledger name."""
    job = submit_promotion(services, run_id, dataset, model_arn)
    waiting.say("The stable deployment is taking over the model ...")
    await_move(services, run_id, job, waiting)
    return job


def await_move(services: Services, run_id: str, job: str, waiting: Waiting) -> None:
    """Waits until a promotion, or its way back, has ended. Raises CommandError where it failed or does not end."""
    row = services.ledger.row(run_id, job)
    arn, model = (row.job_arn or "", row.model_arn or "") if row else ("", "")
    for _ in range(PATIENCE_LOOKS):
        seen = services.deployments.look_for(arn, model)
        outcome = outcome_of(JobKind.PROMOTION, seen.status)
        if outcome is not JobOutcome.RUNNING:
            services.ledger.ended(run_id, job, status=seen.status, outcome=outcome, message=seen.message)
            break
        waiting.sleep(LOOK_SECONDS)
    else:
        raise CommandError(
            f"{arn} is still on its way to {model} after an hour.", "The same command goes on where this one stopped."
        )
    if outcome is JobOutcome.FAILED:
        raise CommandError(
            f"{arn} did not take over {model}: {seen.message or seen.status}.",
            "The previous model goes on serving. Try again later.",
        )
