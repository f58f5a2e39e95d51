"""ReadPredictions: what Bedrock wrote for a holdout shard -> how much of it is there; PredictArm asks for the rest."""

from application.entry import Event, Invocation, lambda_entry
from application.run_files import questions_in
from application.services import Services
from distillation.inference.replies import read_replies
from distillation.layout import RunLayout


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """Counts what the batch brought; a reply that answers none of this shard's requests is none of its predictions."""
    layout, arm, shard = RunLayout(event["run"]["runId"]), event["arm"], event["shard"]
    replies = layout.prediction_replies_prefix(arm, shard, event["modelId"])
    requested = questions_in(services.store, layout.prediction_requests(arm, shard))
    found = read_replies(requested, services.store.lines_below(replies, suffix=".jsonl.out"))
    brought = {"predictions": len(found.answers) + len(found.rejected), "missing": len(found.missing)}
    return {"counts": brought | {"strangers": len(found.strangers)}}


handler = lambda_entry(run)
