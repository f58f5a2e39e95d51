"""ReadPilot: the pilot's answers -> the run goes on, or ends with the setting that would mend it."""

from collections.abc import Mapping

from application.converse import ask_all
from application.entry import Event, Invocation, lambda_entry
from application.rounds import answers_of
from application.run_files import read_pilot_rejections, read_prompts, read_run
from application.services import Services
from distillation.arms.predictions import arm_predictions
from distillation.inference.pilot import check_base, check_score, judge_pilot
from distillation.inference.replies import BUSY, read_replies
from distillation.inference.requests import greedy_request
from distillation.layout import RunLayout
from distillation.records import Arm, Asking, Prediction, Prompt
from distillation.run.record import RunRecord


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """Gives how many answers the pilot has, how many can be used, and how many of those with a reference are like it.

    Raises:
        PilotFailed: it is clear that the run cannot go well.
    """
    store, run_id = services.store, event["run"]["runId"]
    record = read_run(store, run_id)
    answers = list(answers_of(store, run_id, Asking.PILOT))
    rejected = [reply for reply in read_pilot_rejections(store, run_id) if reply.reason != BUSY]
    ids = {answer.prompt_id for answer in answers} | {reply.prompt_id for reply in rejected}
    prompts = {prompt.prompt_id: prompt for prompt in read_prompts(store, run_id) if prompt.prompt_id in ids}
    outcome = judge_pilot(prompts, answers, rejected, record.task, record.config)
    base = _base(services, record, prompts) if outcome.base_may_be_better else {}
    check_base(prompts, answers, base, record.task)
    check_score(prompts, answers, base, record.task, record.config)
    store.put_json(RunLayout(run_id).pilot, outcome)
    compared = {"pilotCompared": outcome.scored, "pilotRight": outcome.right} if outcome.scored else {}
    return {"counts": {"pilot": outcome.asked, "pilotUsable": outcome.usable} | compared}


def _base(services: Services, record: RunRecord, prompts: Mapping[str, Prompt]) -> dict[str, str]:
    """Prompt id -> what the untouched base answers; asked once."""
    store, key, model = services.store, RunLayout(record.run_id).pilot_base, record.models.base_invoke
    if store.get_or_none(key) is None:
        limit = record.config.sampling.max_tokens
        asked = [greedy_request(prompt, limit, model) for prompt in prompts.values()]
        lines = ask_all(services, asked, model_id=model)
        replies = read_replies([request.record_id for request in asked], lines)
        store.put_records(key, arm_predictions(Arm.BASE, replies))
    return {one.prompt_id: one.text for one in store.records(key, Prediction) if one.text is not None}


handler = lambda_entry(run)
