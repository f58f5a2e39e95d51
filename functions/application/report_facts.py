"""Everything that the report says of a run, gathered from the files of its hops."""

import csv
from collections import Counter
from collections.abc import Iterator

import msgspec

from application.accounts import account_of
from application.run_files import Wave, read_run, read_wave
from distillation.costs import Estimate, Usage, actual_cost, estimate_tokens, load_prices
from distillation.examples_to_dataset import Manifest, conversation_texts
from distillation.records import Answer, Arm, Prediction, RejectedAnswer, RejectedSeed, Route
from distillation.run_layout import RunLayout
from distillation.run_record import RunRecord
from distillation.scores import Scores
from distillation.scores_to_report import Counts, LossPoint, Report, RunFacts, build_report
from distillation.scores_to_verdict import Verdict
from distillation.waves_to_accounts import Account
from gateways.ledger import DynamoLedger
from gateways.store import Store


def report_of(store: Store, ledger: DynamoLedger, run_id: str, *, created_at: str) -> Report:
    """The report of a run whose scores are written."""
    layout, record = RunLayout(run_id), read_run(store, run_id)
    manifest = msgspec.json.decode(store.get(layout.dataset("manifest.json")), type=Manifest)
    account = account_of(store, ledger, run_id)
    return build_report(
        RunFacts(
            run_id=run_id,
            dataset=record.dataset,
            task=record.task,
            models=msgspec.to_builtins(record.models),
            settings=record.config,
            started_at=record.created_at,
        ),
        _counts(record, account, manifest, _cached(store, run_id)),
        msgspec.json.decode(store.get(layout.scores), type=Scores),
        msgspec.json.decode(store.get(layout.verdict), type=Verdict),
        created_at=created_at,
        rejections={"seeds": _rejected_seeds(store, layout), "answers": account.rejected_by_reason, "examples": dict(manifest.rejected_by_reason)},
        estimate=msgspec.json.decode(store.get(layout.estimate), type=Estimate),
        costs=actual_cost(usages(store, record), load_prices()),
        training_loss=list(_training_loss(store, layout)),
    )


def usages(store: Store, record: RunRecord) -> list[Usage]:
    """What the run used, from Bedrock's own token counts (training: estimated from the training file, Bedrock counts none)."""
    used = list(_teacher_usage(store, record))
    layout = RunLayout(record.run_id)
    for arm, route in ((Arm.BASE, "batch" if _holdout_is_batched(store, layout) else "onDemand"), (Arm.STUDENT, "onDemand")):
        predictions = list(store.records_below(layout.prediction_shards_prefix(arm), Prediction))
        used.append(_usage(f"predictions {arm}", record.models.student, route, predictions))
    tokens = sum(estimate_tokens(text) for line in store.lines(layout.dataset("train.jsonl")) for text in conversation_texts(line))
    used.append(Usage(stage="training", model=record.models.student, route="training", input_tokens=tokens * record.training.epoch_count, output_tokens=0))
    return used


def _teacher_usage(store: Store, record: RunRecord) -> Iterator[Usage]:
    prefix = RunLayout(record.run_id).answers_prefix
    for shard in (shard for wave in _waves(store, record.run_id) for shard in wave.shards):
        replies: list[Answer | RejectedAnswer] = [*store.records_below(prefix, Answer, named=f"shard-{shard.shard:04d}")]
        replies += store.records_below(prefix, RejectedAnswer, named=f"rejected-{shard.shard:04d}")
        yield _usage("teacher", record.models.teacher, "batch" if shard.route is Route.BATCH else "flex", replies)


def _usage(stage: str, model: str, route: str, replies: list[Answer | RejectedAnswer] | list[Prediction]) -> Usage:
    return Usage(stage=stage, model=model, route=route, input_tokens=sum(r.input_tokens for r in replies), output_tokens=sum(r.output_tokens for r in replies))


def _waves(store: Store, run_id: str) -> Iterator[Wave]:
    number = 0
    while (wave := read_wave(store, run_id, number)) is not None:
        yield wave
        number += 1


def _holdout_is_batched(store: Store, layout: RunLayout) -> bool:
    return any("/now/" not in o.key for o in store.list(layout.arm_replies_prefix(Arm.BASE)))


def _cached(store: Store, run_id: str) -> int:
    wave = read_wave(store, run_id, 0)
    return wave.cached if wave else 0


def _rejected_seeds(store: Store, layout: RunLayout) -> dict[str, int]:
    return dict(sorted(Counter(r.reason for r in store.records(layout.rejected_seeds, RejectedSeed)).items()))


def _counts(record: RunRecord, account: Account, manifest: Manifest, cached: int) -> Counts:
    return Counts(
        seeds_in=record.counts["seedsIn"],
        seeds=record.counts["seeds"],
        seeds_rejected=record.counts["seedsRejected"],
        prompts=record.counts["prompts"],
        requests=account.requests,
        replies=account.answers + account.rejected,
        answers=account.answers,
        answers_rejected=account.rejected,
        requests_missing=len(account.missing),
        cached=cached,
        examples=manifest.counts["examples"],
        examples_rejected=manifest.counts["examplesRejected"],
        train=manifest.counts["train"],
        validation=manifest.counts["validation"],
        holdout=manifest.counts["holdout"],
    )


def _training_loss(store: Store, layout: RunLayout) -> Iterator[LossPoint]:
    written = [stored for stored in store.list(layout.model_prefix(Arm.STUDENT)) if stored.key.endswith("step_wise_training_metrics.csv")]
    if written:
        newest = max(written, key=lambda stored: stored.modified)
        for row in csv.DictReader(store.get(newest.key).decode().splitlines()):
            yield LossPoint(step=int(row["step_number"]), epoch=float(row["epoch_number"]), training_loss=float(row["training_loss"]))
