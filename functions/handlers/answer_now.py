"""AnswerNow: a shard under Bedrock's floor of 100 records -> replies in the batch layout, through Converse."""

from application.converse import converse
from application.entry import Event, Invocation, lambda_entry
from application.run_files import requests_in
from application.services import Services
from distillation.bedrock.families import takes_flex
from distillation.inference.replies import read_replies
from distillation.layout import RunLayout
from distillation.records import Asking


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """One turn: asks what has no reply yet. `done` is False where another turn is needed."""
    store, layout = services.store, RunLayout(event["run"]["runId"])
    stage, wave, shard = Asking(event["stage"]), event["wave"], event["shard"]
    replies, model = layout.replies_prefix(wave, shard, stage), services.settings.model_asked_in(stage)
    requests = list(requests_in(store, layout.requests(wave, shard, stage)))
    found = read_replies((r.record_id for r in requests), store.lines_below(replies, suffix=".jsonl.out"))
    missing = set(found.missing)
    todo = [request for request in requests if request.record_id in missing]
    return {"done": converse(services, invocation, todo, model_id=model, replies=replies, flex=takes_flex(model))}


handler = lambda_entry(run)
