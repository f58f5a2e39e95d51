"""ReadExpansion: a round's replies -> new prompts, topics, rejections, and whether a further round follows."""

import msgspec

from application.entry import Event, Invocation, lambda_entry
from application.expansion_files import expanded_before, read_asks, read_round_replies, rounds_before
from application.run_files import read_run
from application.services import Services
from distillation.expansion.replies import read_round, reply_by_request
from distillation.expansion.rounds import ExpansionSummary, summary, why_it_ends
from distillation.layout import RunLayout
from gateways.store import Store


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """Gives `more`, and the account of all rounds so far by method."""
    store, run_id, wave = services.store, event["run"]["runId"], event["wave"]
    record = read_run(store, run_id)
    so_far = rounds_before(store, record, wave)
    replies = reply_by_request(read_round_replies(store, run_id, wave))
    prompts, topics, rejected, found = read_round(
        read_asks(store, run_id, wave), replies, so_far, record.config, record.task
    )
    layout = RunLayout(run_id)
    store.put_records(layout.expansion(f"round-{wave:02d}.jsonl"), prompts)
    store.put_records(layout.expansion(f"topics-{wave:02d}.jsonl"), topics)
    store.put_records(layout.expansion(f"rejected-{wave:02d}.jsonl"), rejected)
    store.put_json(layout.expansion(f"counts-{wave:02d}.json"), found)
    history = [*so_far.history, found]
    why = why_it_ends(record.config.expansion, history)
    account = summary(record.config.expansion, history, why or "")
    if why:
        _write_whole(store, run_id, wave, account)
    counts = {"expanded": account.kept, "expansionTarget": account.target, "expansionTopics": account.topics}
    return {"more": why is None, "counts": counts, "expansion": msgspec.to_builtins(account)}


def _write_whole(store: Store, run_id: str, wave: int, account: ExpansionSummary) -> None:
    layout = RunLayout(run_id)
    store.put_records(layout.expanded, expanded_before(store, run_id, wave + 1))
    store.put_json(layout.expansion("summary.json"), account)


handler = lambda_entry(run)
