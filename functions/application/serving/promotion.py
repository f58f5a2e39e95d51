"""Bringing a run's student to serve its dataset, and back, for the machine's states and for the command line:
submit_promotion -> (wait) -> ask_canary -> publish, or take_back -> (wait).
"""

import hashlib
from datetime import timedelta
from typing import NamedTuple

import msgspec

from application.converse import ask_all
from application.run_files import read_choice, read_holdout, read_run, read_students
from application.services import Services
from application.submission import next_attempt
from distillation.bedrock import job_names
from distillation.bedrock.job_status import JobKind, JobOutcome, outcome_of
from distillation.bedrock.submission import NEW, submit_once
from distillation.errors import PromotionFailed, ThrottledByBedrock
from distillation.inference.replies import read_replies
from distillation.inference.requests import greedy_request
from distillation.layout import RunLayout, student_parameter
from distillation.records import GREEDY_SAMPLE, Arm, LedgerRow, Prediction
from distillation.training.customization import deployment_request
from distillation.training.promotion import (
    Canary,
    PromotionPlan,
    Served,
    ServedStudent,
    canary_items,
    judge_canary,
    parameter_text,
    promoted,
    read_parameter,
    why_not_by_itself,
)

PROMOTION_TIME_LIMIT = timedelta(hours=6)
TAKEN_BACK = "TakenBack"


class Verified(NamedTuple):
    """What the canary showed. `why` is empty where it passed; else `back` is the ledger name of the move back, empty
    where there is none to wait for.
    """

    why: str
    back: str
    deployment_arn: str
    canary: Canary = Canary(asked=0, equal=0)


def student_model(services: Services, run_id: str) -> str:
    """The ARN of the run's student; the run must have come to PlanPredictions."""
    return next(student.model_arn for student in read_students(services.store, run_id) if student.arm == Arm.STUDENT)


def serving(services: Services, dataset: str) -> ServedStudent | None:
    """What the dataset's parameter says, None before the first promotion."""
    text = services.parameters.get(student_parameter(services.settings.app, dataset))
    return read_parameter(text) if text else None


def was_promoted(services: Services, run_id: str, dataset: str) -> bool:
    """Whether the run's student serves, did, or may be brought back by a rollback: then nothing may delete it."""
    if services.store.get_or_none(RunLayout(run_id).promotion) is not None:
        return True
    now = serving(services, dataset)
    return now is not None and now.knows(run_id)


def held_back(services: Services, run_id: str, dataset: str) -> str:
    """Why the run may not promote its student by itself, and the command by which a person may; empty where it may."""
    record, now = read_run(services.store, run_id), serving(services, dataset)
    served = services.store.get_or_none(RunLayout(now.run_id).run) if now else None
    began = str(msgspec.json.decode(served).get("createdAt", "")) if served else ""
    why = why_not_by_itself(now, run_id, record.created_at, began)
    return f"Not promoted by itself: {why}. By hand: python -m cli promote {dataset} --run {run_id}" if why else ""


def submit_promotion(services: Services, run_id: str, dataset: str, model_arn: str) -> str:
    """Has the stable deployment take over the model, once; gives the ledger name to wait for. The first promotion makes
    the deployment, later ones move it.

    Raises:
        ThrottledByBedrock: the deployment is just being made or moved for somebody else.
        PromotionFailed: the model is gone.
    """
    app, name = services.settings.app, job_names.stable_deployment(services.settings.app, dataset)
    stable = services.deployments.find(name)
    job = next_attempt(
        lambda attempt: job_names.promotion(app, run_id, attempt),
        lambda job: _usable(services, run_id, job, stable, model_arn),
    )
    _plan_way_back(services, run_id, dataset, stable, PromotionPlan(deployment=name, model_arn=model_arn))
    request = deployment_request(name, model_arn=model_arn, tags={"app": app, "dataset": dataset})
    request["clientRequestToken"] = job_names.client_token(job)
    submit_once(
        services.ledger,
        LedgerRow(run_id=run_id, job_name=job, kind=JobKind.PROMOTION, model_arn=model_arn, state=NEW),
        find=lambda _: stable if stable and _takes_over(services, stable, model_arn) else None,
        create=lambda: _move(services, stable, model_arn) or services.deployments.create(request),
        now=services.now(),
        time_limit=PROMOTION_TIME_LIMIT,
    )
    return job


def _usable(services: Services, run_id: str, job: str, stable: str | None, model_arn: str) -> bool:
    row = services.ledger.row(run_id, job)
    if row is None or row.outcome is None:
        return True
    return row.outcome != JobOutcome.FAILED and stable is not None and _takes_over(services, stable, model_arn)


def _takes_over(services: Services, stable: str, model_arn: str) -> bool:
    """Whether the deployment serves the model or is on its way to."""
    seen = services.deployments.look_for(stable, model_arn)
    serves = outcome_of(JobKind.PROMOTION, seen.status) is JobOutcome.SUCCEEDED
    is_made = seen.status == "Creating" and seen.model_arn == model_arn
    return serves or is_made or services.deployments.moves_to(stable) == model_arn


def _move(services: Services, stable: str | None, model_arn: str) -> str | None:
    """Updates the stable deployment; None where it must be made (one that never came to life is deleted first)."""
    if stable is None:
        return None
    if _never_lived(services, stable):
        services.deployments.delete(stable)
        return None
    return _update(services, stable, model_arn)


def _never_lived(services: Services, stable: str) -> bool:
    return services.deployments.look(stable).status == "Failed"


def _update(services: Services, stable: str, model_arn: str) -> str:
    if services.deployments.look(stable).status != "Active" or services.deployments.moves_to(stable):
        raise ThrottledByBedrock(f"the deployment {stable} is just being made or moved; it is tried again later")
    return services.deployments.update(stable, model_arn)


def _plan_way_back(services: Services, run_id: str, dataset: str, stable: str | None, plan: PromotionPlan) -> None:
    """Notes what serves now, unless it is the new model already: then an earlier turn has noted it."""
    key, before = RunLayout(run_id).promotion_plan, serving(services, dataset)
    served = services.deployments.look(stable).model_arn if stable else None
    if served == plan.model_arn:
        if services.store.get_or_none(key):
            return
        served = before.model_arn if before else None
    previous = served if served != plan.model_arn else None
    services.store.put_json(key, msgspec.structs.replace(plan, previous_model_arn=previous))


def ask_canary(services: Services, run_id: str, deployment_arn: str) -> Canary:
    """Asks the stable deployment some holdout prompts of the run, greedily, and compares with the run's predictions of
    the student. Raises ThrottledByBedrock while a model that has just taken over is busy.
    """
    store, record = services.store, read_run(services.store, run_id)
    predictions = store.records_below(RunLayout(run_id).prediction_shards_prefix(Arm.STUDENT), Prediction)
    said = {p.prompt_id: p.text for p in predictions if p.text is not None and p.sample == GREEDY_SAMPLE}
    items = canary_items(list(read_holdout(store, run_id)), said, record.config.serving.canary_items)
    requests = [greedy_request(item, record.config.sampling.max_tokens, deployment_arn) for item in items]
    replies = ask_all(services, requests, model_id=deployment_arn)
    found = read_replies((request.record_id for request in requests), replies)
    if busy := found.to_ask_again:
        raise ThrottledByBedrock(f"{deployment_arn} is busy: {len(busy)} of {len(items)} canary prompts were throttled")
    texts = {answer.prompt_id: answer.text for answer in found.answers}
    return judge_canary(said, {item.prompt_id: texts.get(item.prompt_id) for item in items}, record.task)


def refusal(canary: Canary, agreement: float) -> str:
    """Why a canary does not pass, and what follows; empty where it passes."""
    if canary.passes(agreement):
        return ""
    if canary.asked == 0:
        return "the run's student answered no holdout prompt, so there is nothing to compare the stable deployment with"
    return (
        f"the stable deployment answered {canary.equal} of {canary.asked} canary prompts as the student did in its "
        f"run, at least {agreement:.0%} are asked for (serving.canaryAgreement); it differs for "
        f"{', '.join(canary.differing)}"
    )


def verify(services: Services, run_id: str, job: str) -> Verified:
    """Asks the canary of the deployment that took over in ledger row `job`; takes the promotion back where it does not
    pass. Raises PromotionFailed where the deployment serves something else by now.
    """
    row = services.ledger.row(run_id, job)
    if row is None or row.job_arn is None:
        raise PromotionFailed(f"the ledger knows of no promotion {job} that was submitted")
    if row.status == TAKEN_BACK:
        why = row.message or ""
        return Verified(why=why, back=take_back(services, run_id, job, why), deployment_arn=row.job_arn)
    if not _takes_over(services, row.job_arn, row.model_arn or ""):
        raise PromotionFailed(f"{row.job_arn} does not serve {row.model_arn}: somebody else has moved it meanwhile")
    canary = ask_canary(services, run_id, row.job_arn)
    why = refusal(canary, read_run(services.store, run_id).config.serving.canary_agreement)
    back = take_back(services, run_id, job, why) if why else ""
    return Verified(why=why, back=back, deployment_arn=row.job_arn, canary=canary)


def publish(services: Services, run_id: str, dataset: str, deployment_arn: str, by: str = "") -> str:
    """Sets the dataset's parameter to the run's student; gives the parameter's name. `by`: who promotes by hand."""
    store, layout = services.store, RunLayout(run_id)
    new = Served(
        model_arn=student_model(services, run_id),
        run_id=run_id,
        report_key=layout.report("index.html"),
        dataset_sha256=_train_sha256(services, layout),
        promoted_at=services.now().isoformat(timespec="seconds"),
        by=by,
    )
    now = promoted(serving(services, dataset), deployment_arn, new)
    name = write_parameter(services, dataset, now)
    store.put_json(layout.promotion, now)
    return name


def write_parameter(services: Services, dataset: str, now: ServedStudent) -> str:
    """Writes the dataset's parameter; gives its name."""
    name = student_parameter(services.settings.app, dataset)
    services.parameters.put(name, parameter_text(now))
    return name


def _train_sha256(services: Services, layout: RunLayout) -> str:
    """The hash of the lines that the student learnt: the dataset's, or those of the training that was chosen."""
    choice, whole = read_choice(services.store, layout.run_id), layout.dataset("train.jsonl")
    learnt = layout.training_file(choice.chosen, "train.jsonl") if choice else whole
    if learnt != whole:
        digest = hashlib.sha256()
        for chunk in services.store.chunks(learnt):
            digest.update(chunk)
        return digest.hexdigest()
    manifest = msgspec.json.decode(services.store.get(layout.dataset("manifest.json")))
    return str(manifest["files"]["train.jsonl"]["sha256"])


def take_back(services: Services, run_id: str, job: str, why: str) -> str:
    """Undoes the promotion with the ledger name `job`: moves the stable deployment back to what it served, or deletes
    it where this promotion made it. Leaves one alone that somebody else has moved since.

    Gives the ledger name to wait for, empty where there is none. Raises ThrottledByBedrock while the deployment is on
    its way to the new model.
    """
    plan = services.store.read(RunLayout(run_id).promotion_plan, PromotionPlan)
    stable, back = services.deployments.find(plan.deployment), ""
    if stable is not None and plan.previous_model_arn is not None:
        back = _move_back(services, run_id, job, stable, plan)
    elif stable and (_never_lived(services, stable) or _takes_over(services, stable, plan.model_arn)):
        services.deployments.delete(stable)
    services.ledger.ended(run_id, job, status=TAKEN_BACK, outcome=JobOutcome.FAILED, message=why)
    return back


def _move_back(services: Services, run_id: str, job: str, stable: str, plan: PromotionPlan) -> str:
    name, previous = job_names.way_back(job), plan.previous_model_arn or ""
    if not _takes_over(services, stable, plan.model_arn):
        return name if services.ledger.row(run_id, name) else ""
    submit_once(
        services.ledger,
        LedgerRow(run_id=run_id, job_name=name, kind=JobKind.PROMOTION, model_arn=previous, state=NEW),
        find=lambda _: None,
        create=lambda: _update(services, stable, previous),
        now=services.now(),
        time_limit=PROMOTION_TIME_LIMIT,
    )
    return name


def undo_unverified(services: Services, run_id: str) -> list[str]:
    """Takes back every promotion of a run that `was_promoted` denies, and deletes a deployment that never came to life;
    gives one line for each. An update that Bedrock failed has left the model before in place.

    Raises ThrottledByBedrock while a deployment is on its way to the model before.
    """
    lines = list[str]()
    for row in services.ledger.rows(run_id):
        if row.kind == JobKind.PROMOTION and job_names.is_promotion(row.job_name) and _is_open(row):
            back = take_back(services, run_id, row.job_name, "the run failed before the promotion was verified")
            after = "moves back to the previous model" if back else "no longer serves this model"
            lines.append(f"took back {row.job_name}: the stable deployment {after}")
        elif row.kind == JobKind.PROMOTION and row.state == "SUBMITTED" and not job_names.is_promotion(row.job_name):
            _note_end_of_way_back(services, row)
    return lines


def _note_end_of_way_back(services: Services, row: LedgerRow) -> None:
    """Notes the end of a way back that nobody waits for any more."""
    plan = services.store.read(RunLayout(row.run_id).promotion_plan, PromotionPlan)
    if stable := services.deployments.find(plan.deployment):
        seen = services.deployments.look_for(stable, row.model_arn or "")
        outcome = outcome_of(JobKind.PROMOTION, seen.status)
        if outcome is JobOutcome.RUNNING:
            raise ThrottledByBedrock("it is on its way back to the previous model")
        services.ledger.ended(row.run_id, row.job_name, status=seen.status, outcome=outcome, message=seen.message)


def _is_open(row: LedgerRow) -> bool:
    return row.outcome != JobOutcome.FAILED or row.status == "Failed"
