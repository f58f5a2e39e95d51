"""ReadReplies: what Bedrock wrote for a shard -> answers, rejections with a reason, and what is still missing."""

from application.entry import Event, Invocation, lambda_entry
from application.run_files import questions_in
from application.services import Services
from distillation.inference.replies import read_replies
from distillation.layout import RunLayout, cached_shard
from distillation.records import Asking, encode_blocks


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """Joins replies to requests by record id, keeps what was paid for, also in the answer cache."""
    store, run_id, stage, wave, shard = (
        services.store,
        event["run"]["runId"],
        Asking(event["stage"]),
        event["wave"],
        event["shard"],
    )
    layout = RunLayout(run_id)
    replies = store.lines_below(layout.replies_prefix(wave, shard, stage), suffix=".jsonl.out")
    found = read_replies(questions_in(store, layout.requests(wave, shard, stage)), replies)
    store.put_records(layout.tokens(shard, stage, wave), found.tokens)
    store.put_lines(layout.answers(shard, stage, wave), encode_blocks(found.answers))
    store.put_records(layout.rejected_answers(shard, stage, wave), found.rejected)
    if found.strangers:
        store.put_records(layout.strangers(shard, stage, wave), found.strangers)
    store.copy(layout.answers(shard, stage, wave), cached_shard(event["run"]["dataset"], run_id, shard, stage, wave))
    answers, rejected, strangers = len(found.answers), len(found.rejected), len(found.strangers)
    return {
        "missing": len(found.to_ask_again),
        "counts": {
            "replies": answers + rejected,
            "answers": answers,
            "answersRejected": rejected,
            "strangers": strangers,
        },
    }


handler = lambda_entry(run)
