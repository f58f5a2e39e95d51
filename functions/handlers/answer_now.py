"""AnswerNow: a shard under Bedrock's floor of 100 records -> replies in the batch layout, through Converse on the flex tier, which costs what a batch costs."""

from application.converse_shard import converse
from application.entry import Event, Turn, lambda_entry
from application.run_files import requests_in
from application.services import Services
from distillation.replies_to_answers import read_replies
from distillation.run_layout import RunLayout


def run(event: Event, services: Services, turn: Turn) -> dict[str, object]:
    """One turn: asks what has no reply yet. `done` is False where another turn is needed."""
    store, layout = services.store, RunLayout(event["run"]["runId"])
    replies = layout.replies_prefix(event["wave"], event["shard"])
    requests = list(requests_in(store, layout.requests(event["wave"], event["shard"])))
    missing = set(read_replies((r.record_id for r in requests), store.lines_below(replies, suffix=".jsonl.out")).missing)
    todo = [request for request in requests if request.record_id in missing]
    return {"done": converse(services, turn, todo, model_id=services.settings.teacher_invoke_id, replies=replies, flex=True)}


handler = lambda_entry(run)
