"""The champion of a run: what serves its dataset when the arms are planned, asked about the same holdout."""

import msgspec

from application.services import Services
from application.serving.promotion import serving
from distillation.bedrock.job_names import stable_deployment
from distillation.bedrock.job_status import JobKind, JobOutcome, outcome_of
from distillation.layout import RunLayout
from distillation.records import Arm
from distillation.run.record import RunRecord
from distillation.task import Task
from distillation.training.promotion import ServedStudent


def has_champion(services: Services, run_id: str, dataset: str) -> bool:
    """Whether something serves the dataset that is not the run's own student."""
    now = serving(services, dataset)
    return now is not None and now.run_id != run_id


def champion_of(services: Services, record: RunRecord) -> ServedStudent | None:
    """What the run's student has to stand up to, noted in `6-model/champion.json`; None where nothing serves.

    A rerun after the run's own promotion keeps the champion that the student was compared with. Where another one
    serves by now, the answers of the earlier one are dropped.
    """
    store, layout = services.store, RunLayout(record.run_id)
    before, now = store.read_or_none(layout.champion, ServedStudent), serving(services, record.dataset)
    if now is not None and now.run_id == record.run_id:
        return before
    champion = now if now is not None and _answers(services, record.dataset, now) else None
    if before is not None and (champion is None or champion.model_arn != before.model_arn):
        for key in (layout.arm_replies_prefix, layout.prediction_shards_prefix, layout.predictions):
            for stored in store.list(key(Arm.CHAMPION)):
                store.put_lines(stored.key, [])
    if champion is not None:
        store.put_json(layout.champion, champion)
    return champion


def task_of_champion(services: Services, champion: ServedStudent) -> Task | None:
    """The task that the champion was trained on; None where the record of its run is gone or of another release."""
    try:
        record = services.store.read_or_none(RunLayout(champion.run_id).run, RunRecord)
    except msgspec.ValidationError:
        return None
    return record.task if record else None


def _answers(services: Services, dataset: str, now: ServedStudent) -> bool:
    """Whether the stable deployment is there, and serves what the parameter names."""
    if services.deployments.find(stable_deployment(services.settings.app, dataset)) != now.deployment_arn:
        return False
    seen = services.deployments.look_for(now.deployment_arn, now.model_arn)
    return outcome_of(JobKind.PROMOTION, seen.status) is JobOutcome.SUCCEEDED
