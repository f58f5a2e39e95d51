"""Everything that the report says of a run, gathered from the files of its hops."""

from collections import Counter
from datetime import datetime

import msgspec

from application.reporting.usage import usages
from application.run_files import account_of, read_choice, read_run, read_students, read_wave
from application.serving.approval import answer_on_promotion
from distillation.bedrock.prices import load_prices
from distillation.costs.estimate import Estimate
from distillation.costs.spent import actual_cost
from distillation.dataset.manifest import Manifest
from distillation.evaluation.scores import Scores, TrainingSpread, Verdict
from distillation.expansion.rounds import ExpansionSummary
from distillation.inference.accounts import Account
from distillation.layout import RunLayout, training_luck
from distillation.records import RejectedSeed
from distillation.report.funnel import expansion_steps, seeds_step
from distillation.report.losses import read_losses
from distillation.report.report import (
    Counts,
    DataFacts,
    Losses,
    Report,
    account_problems,
    data_facts,
    taken_over,
)
from distillation.report.trainings import luck_of_training
from distillation.run.record import RunRecord
from gateways.ledger import DynamoLedger
from gateways.store import Store


def report_of(store: Store, ledger: DynamoLedger, run_id: str, *, created_at: str) -> Report:
    """The report of a run whose scores are written."""
    layout, record = RunLayout(run_id), read_run(store, run_id)
    manifest = store.read(layout.dataset("manifest.json"), Manifest)
    expansion = store.read_or_none(layout.expansion("summary.json"), ExpansionSummary)
    wave, account = read_wave(store, run_id, 0), account_of(store, ledger, run_id)
    counts = _counts(
        {**record.counts, "cached": wave.cached if wave else 0}, account, manifest, expansion.kept if expansion else 0
    )
    data, (losses, unread) = _data(store, record, manifest, expansion), _losses(store, run_id)
    scores = store.read(layout.scores, Scores)
    return Report(
        **taken_over(record, scores),
        created_at=created_at,
        verdict=store.read(layout.verdict, Verdict),
        counts=counts,
        account_problems=account_problems(counts, data),
        data=data,
        estimate=store.read(layout.estimate, Estimate),
        costs=actual_cost(usages(store, record, ledger.rows(run_id)), load_prices()),
        losses=losses,
        choice=read_choice(store, run_id),
        luck=luck_of_training(scores.trainings, store.read_or_none(training_luck(record.dataset), TrainingSpread)),
        approval=answer_on_promotion(ledger.rows(run_id), datetime.fromisoformat(created_at)),
        warnings=(*record.warnings, *unread, *_strangers(store, layout)),
    )


def _data(store: Store, record: RunRecord, manifest: Manifest, expansion: ExpansionSummary | None) -> DataFacts:
    rejected = Counter(seed.reason for seed in store.records(RunLayout(record.run_id).rejected_seeds, RejectedSeed))
    return data_facts(
        manifest,
        [seeds_step(record.counts["seedsIn"], rejected), *expansion_steps(expansion)],
        expansion_target=expansion.target if expansion else 0,
        expansion_why=expansion.why if expansion else "",
    )


def _counts(of_run: dict[str, int], account: Account, manifest: Manifest, expanded: int) -> Counts:
    """The counts of the seeds, of the teacher's replies and of the dataset, by their names in report.json."""
    replies = {
        "requests": account.requests,
        "replies": account.answers + account.rejected,
        "answers": account.answers,
        "answersRejected": account.rejected,
        "requestsMissing": account.missing,
    }
    prompts = {"prompts": of_run["prompts"] + expanded, "expanded": expanded}
    return msgspec.convert({**manifest.counts, **of_run, **replies, **prompts}, Counts)


def _strangers(store: Store, layout: RunLayout) -> list[str]:
    number = sum(1 for _ in store.lines_below(layout.answers_prefix, named="strangers-"))
    where = f"{layout.answers_prefix}strangers-*.jsonl"
    return [f"{number} replies of Bedrock answer nothing that was asked; they stand in {where}."] if number else []


def _losses(store: Store, run_id: str) -> tuple[dict[str, Losses], list[str]]:
    """Trained arm -> the course of its training, and what of it could not be read."""
    layout, found, unread = RunLayout(run_id), dict[str, Losses](), list[str]()
    for student in read_students(store, run_id):
        losses: Losses = {"training": (), "validation": ()}
        for kind in losses:
            key = _newest_metrics(store, layout.model_prefix(student.arm), kind)
            losses[kind], problem = read_losses(store.get(key), kind) if key else ((), "")
            if problem:
                unread.append(f"The {kind} loss of {student.arm} cannot be read as a whole: {problem} ({key}).")
        if losses["training"]:
            found[student.arm] = losses
    return found, unread


def _newest_metrics(store: Store, prefix: str, kind: str) -> str | None:
    """The newest table of `<kind>_artifacts`; Bedrock's documents differ about its folder, so all are listed."""
    tables = [one for one in store.list(prefix) if one.key.endswith("_metrics.csv")]
    written = [one for one in tables if f"/{kind}_artifacts/" in one.key]
    return max(written, key=lambda one: one.modified).key if written else None
