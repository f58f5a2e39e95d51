"""The merge in the bucket: candidates of all shards in, the dataset's files out, each hashed while it is written."""

import platform
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from itertools import chain, islice
from typing import IO

import msgspec

from application.evaluation_copies import evaluation_items
from application.rounds import answers_of
from application.run_files import funnel_of, read_common_shingles, read_run
from distillation.bedrock.limits import MIN_DISTILLATION_PROMPTS, MIN_SAMPLES
from distillation.bedrock.training_lines import conversation_line
from distillation.dataset.manifest import (
    AGREEMENT_EDGES,
    ENTROPY_EDGES,
    DatasetFile,
    FileDigest,
    InputFile,
    Manifest,
    histogram,
)
from distillation.dataset.merge import Decision, decide
from distillation.dataset.ratings import ratings_of
from distillation.errors import NotEnoughExamples, RecordsLost
from distillation.layout import RunLayout
from distillation.records import (
    Asking,
    Candidate,
    HoldoutCandidate,
    HoldoutItem,
    RejectedExample,
    encode_line,
    encode_lines,
)
from distillation.report.card import card_of
from distillation.run.record import RunRecord
from distillation.seeds.split import Side
from gateways.store import SPOOL_BYTES, Store


def read_ratings(store: Store, run_id: str) -> dict[str, int]:
    """Record id -> rating, of all rounds and of what the cache held."""
    return ratings_of(answers_of(store, run_id, Asking.RATINGS))


EXAMPLES_SHOWN = 2
"""Examples and items of the holdout that the card shows."""


class _Named(msgspec.Struct, rename="camel", gc=False):
    prompt_id: str


class _Line(msgspec.Struct, rename="camel", gc=False):
    """What a training line needs of a candidate: its key is not decoded a second time."""

    prompt: str
    answers: tuple[str, ...]
    system: str = ""
    earlier: tuple[str, ...] = ()


def decided(store: Store, record: RunRecord, ratings: dict[str, int] | None) -> Decision:
    """The decision over all candidates of a run. Without `ratings`: what a judge has to rate."""
    layout = RunLayout(record.run_id)
    held = store.records_below(layout.candidates_prefix, HoldoutCandidate, named="holdout-")
    candidates = store.records_below(layout.candidates_prefix, Candidate, named="shard-")
    measured = evaluation_items(store, record.run_id, record.config)
    common = read_common_shingles(store, record.run_id)
    return decide(held, candidates, record, common, evaluation=measured, ratings=ratings)


def write_dataset(store: Store, run_id: str) -> Manifest:
    """Writes everything in `5-dataset/` of a run whose shards are reduced.

    Raises:
        NotEnoughExamples: fewer training lines are left than a job takes; `rejected.jsonl` is written all the same.
        RecordsLost: a prompt is in no place, or in two.
    """
    record, layout = read_run(store, run_id), RunLayout(run_id)
    judge = record.config.filters.judge
    decision = decided(store, record, None if judge is None else read_ratings(store, run_id))
    _check_prompts(store, run_id, decision.arrived)
    files, reasons = _write_rejected(store, run_id, decision)
    _check_examples(decision, reasons, MIN_DISTILLATION_PROMPTS if record.config.training.managed else MIN_SAMPLES)
    files |= _write_sides(store, run_id, decision) | _write_holdout(store, run_id, decision)
    manifest = _manifest(store, record, decision, reasons, files)
    card, digest = card_of(manifest, record, *_shown(store, run_id)).encode(), FileDigest()
    store.put_lines(layout.dataset("card.md"), digest.passing(card.splitlines(keepends=True)))
    files["card.md"] = digest.file()
    manifest = msgspec.structs.replace(manifest, files=dict(sorted(files.items())))
    store.put_json(layout.dataset("manifest.json"), manifest)
    return manifest


def _write_rejected(store: Store, run_id: str, decision: Decision) -> tuple[dict[str, DatasetFile], dict[str, int]]:
    """The file by its name, and how many were rejected for which reason."""
    layout, digest, reasons = RunLayout(run_id), FileDigest(), Counter[str]()

    def counted() -> Iterator[RejectedExample]:
        before = store.records_below(layout.candidates_prefix, RejectedExample, named="rejected-")
        for rejected in chain(before, decision.rejected):
            reasons[rejected.reason] += 1
            yield rejected

    store.put_lines(layout.dataset("rejected.jsonl"), digest.passing(encode_lines(counted())))
    return {"rejected.jsonl": digest.file()}, dict(sorted(reasons.items()))


def _write_sides(store: Store, run_id: str, decision: Decision) -> dict[str, DatasetFile]:
    """Both training files in one pass over the candidates: the small one waits on disk while the large is written."""
    layout, train, validation = RunLayout(run_id), FileDigest(), FileDigest()
    with tempfile.SpooledTemporaryFile(SPOOL_BYTES) as spool:
        lines = _train_lines(_lines(store, run_id, decision), spool)
        store.put_lines(layout.dataset("train.jsonl"), train.passing(lines))
        spool.seek(0)
        store.put_lines(layout.dataset("validation.jsonl"), validation.passing(spool))
    return {"train.jsonl": train.file(), "validation.jsonl": validation.file()}


def _lines(store: Store, run_id: str, decision: Decision) -> Iterator[tuple[Side, bytes]]:
    candidates = store.records_below(RunLayout(run_id).candidates_prefix, _Line, named="shard-")
    for number, (candidate, side) in enumerate(zip(candidates, decision.sides, strict=True)):
        if side is not None:
            # Without answers: the prompt alone, for a teacher that the distillation job asks.
            for answer in decision.rated.get(number, candidate.answers) or (None,):
                yield side, conversation_line(candidate.system, candidate.prompt, answer, candidate.earlier)


def _train_lines(lines: Iterable[tuple[Side, bytes]], validation: IO[bytes]) -> Iterator[bytes]:
    for side, line in lines:
        if side is Side.TRAIN:
            yield line
        else:
            validation.write(line)


def _write_holdout(store: Store, run_id: str, decision: Decision) -> dict[str, DatasetFile]:
    layout, digest = RunLayout(run_id), FileDigest()
    held = store.records_below(layout.candidates_prefix, HoldoutCandidate, named="holdout-")
    items = (_item(h) for h, stays in zip(held, decision.held, strict=True) if stays)
    store.put_lines(layout.dataset("holdout.jsonl"), digest.passing(map(encode_line, items)))
    return {"holdout.jsonl": digest.file()}


def _item(held: HoldoutCandidate) -> HoldoutItem:
    return HoldoutItem(
        prompt_id=held.key.prompt_id,
        prompt=held.prompt,
        system=held.system,
        reference=held.reference,
        category=held.category,
        group=held.group,
        earlier=held.earlier,
    )


def _check_prompts(store: Store, run_id: str, arrived: list[str]) -> None:
    """Every prompt came out of exactly one shard, as a candidate, in the holdout or rejected."""
    layout = RunLayout(run_id)
    after = arrived + [r.prompt_id for r in store.records_below(layout.candidates_prefix, _Named, named="rejected-")]
    unexpected, missing = set(after), set[str]()
    twice = len(unexpected) < len(after)
    for prompt in (p for key in (layout.prompts, layout.expanded) for p in store.records_below(key, _Named)):
        if prompt.prompt_id not in unexpected:
            missing.add(prompt.prompt_id)
        unexpected.discard(prompt.prompt_id)
    if missing or unexpected or twice:
        raise RecordsLost("AssembleDataset", missing, unexpected)


def _check_examples(decision: Decision, reasons: dict[str, int], least: int) -> None:
    if decision.lines[Side.TRAIN] < least:
        counted = ", ".join(f"{reason} {count}" for reason, count in reasons.items()) or "none"
        raise NotEnoughExamples(
            f"{decision.lines[Side.TRAIN]} training examples are left and a customization job of this kind takes at "
            f"least {least}. Rejected prompts: {counted} (5-dataset/rejected.jsonl names each). Give more seeds, a "
            "smaller split.holdoutShare, or milder filters."
        )


def _manifest(
    store: Store, record: RunRecord, decision: Decision, reasons: dict[str, int], files: dict[str, DatasetFile]
) -> Manifest:
    layout = RunLayout(record.run_id)
    return Manifest(
        run_id=record.run_id,
        dataset=record.dataset,
        counts=_counts(decision, sum(reasons.values())),
        rejected_by_reason=reasons,
        files=dict(sorted(files.items())),
        split=record.config.shares,
        funnel=(*funnel_of(store, record.run_id), *decision.funnel),
        strata=decision.strata,
        agreement=histogram(decision.agreement, AGREEMENT_EDGES),
        entropy=histogram(decision.entropy, ENTROPY_EDGES),
        selection=decision.selection,
        conflicting_references=decision.conflicting_references,
        config=record.config.to_json(),
        models=record.models,
        versions={
            **record.versions,
            **{name: version(name) for name in ("numpy", "rensa")},
            "python": platform.python_version(),
            "unicode": unicodedata.unidata_version,
        },
        prompt_hashes=record.prompt_hashes,
        inputs=tuple(
            InputFile(name=o.key.removeprefix(layout.root), bytes=o.bytes, etag=o.etag)
            for o in store.list(layout.all_replies_prefix)
        ),
    )


def _counts(decision: Decision, rejected: int) -> dict[str, int]:
    holdout, learnt = sum(decision.held), sum(side is not None for side in decision.sides)
    train, validation = decision.lines[Side.TRAIN], decision.lines[Side.VALIDATION]
    return {
        "prompts": holdout + learnt + rejected,
        "promptsLearnt": learnt,
        "examples": train + validation,
        "examplesRejected": rejected,
        "train": train,
        "validation": validation,
        "holdout": holdout,
    }


def _shown(store: Store, run_id: str) -> tuple[list[bytes], list[HoldoutItem]]:
    layout = RunLayout(run_id)
    train = list(islice(store.lines(layout.dataset("train.jsonl")), EXAMPLES_SHOWN))
    return train, list(islice(store.records(layout.dataset("holdout.jsonl"), HoldoutItem), EXAMPLES_SHOWN))
