"""ReadPilot: the pilot's answers -> the run goes on, or ends with the setting that would mend it."""

from application.entry import Event, Invocation, lambda_entry
from application.rounds import answers_of
from application.run_files import read_pilot_rejections, read_prompts, read_run
from application.services import Services
from distillation.inference.pilot import judge_pilot
from distillation.inference.replies import BUSY
from distillation.layout import RunLayout
from distillation.records import Asking


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """Gives how many answers the pilot has, and how many can be used.

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
    store.put_json(RunLayout(run_id).pilot, outcome)
    return {"counts": {"pilot": outcome.asked, "pilotUsable": outcome.usable}}


handler = lambda_entry(run)
