"""AssembleDataset: answers of all waves -> train, validation, holdout, rejected, manifest and card; every request and every prompt accounted for."""

from collections.abc import Iterable

from application.accounts import account_of, check_prompts
from application.entry import Event, Turn, lambda_entry
from application.run_files import read_answers, read_prompts, read_run
from application.services import Services
from distillation.answers_to_examples import by_prompt, examples_of
from distillation.examples_to_dataset import Dataset, Manifest, Side, assemble, card_lines, conversation_line, describe_file, holdout_item, reasons, side_of
from distillation.record_lines import encode_lines
from distillation.records import Arm, HoldoutItem
from distillation.run_layout import RunLayout
from distillation.run_record import RunRecord
from gateways.store import Store


def run(event: Event, services: Services, turn: Turn) -> dict[str, object]:
    """Gives the arms to train."""
    store, run_id = services.store, event["run"]["runId"]
    record, layout = read_run(store, run_id), RunLayout(run_id)
    account = account_of(store, services.ledger, run_id)
    store.put_records(layout.missing_answers, account.missing)
    prompts = list(read_prompts(store, run_id))
    sides = {p.prompt_id: side_of(p.prompt_id, record.split) for p in prompts}
    holdout = [holdout_item(p) for p in prompts if sides[p.prompt_id] is Side.HOLDOUT]
    to_learn = [p for p in prompts if sides[p.prompt_id] is not Side.HOLDOUT]
    dataset = assemble(holdout, examples_of(to_learn, by_prompt(read_answers(store, run_id)), record.task), record.split)
    check_prompts(prompts, holdout, dataset)
    manifest = _write(store, layout, record, dataset, holdout)
    return {"arms": [Arm.STUDENT], "counts": manifest.counts}


def _write(store: Store, layout: RunLayout, record: RunRecord, dataset: Dataset, holdout: list[HoldoutItem]) -> Manifest:
    files: dict[str, Iterable[bytes]] = {
        "train.jsonl": map(conversation_line, dataset.train),
        "validation.jsonl": map(conversation_line, dataset.validation),
        "holdout.jsonl": encode_lines(holdout),
        "rejected.jsonl": encode_lines(dataset.rejected),
    }
    contents = {name: list(lines) for name, lines in files.items()}
    for name, lines in contents.items():
        store.put_lines(layout.dataset(name), lines)
    manifest = Manifest(
        run_id=record.run_id,
        dataset=record.dataset,
        counts=_counts(dataset, holdout),
        rejected_by_reason=reasons(dataset.rejected),
        files={name: describe_file(lines) for name, lines in contents.items()},
        split=record.split,
    )
    card = "\n".join(card_lines(manifest, record.task.kind, record.models.teacher))
    store.put(layout.dataset("card.md"), card.encode(), "text/markdown")
    store.put_json(layout.dataset("manifest.json"), manifest)
    return manifest


def _counts(dataset: Dataset, holdout: list[HoldoutItem]) -> dict[str, int]:
    train, validation, rejected = len(dataset.train), len(dataset.validation), len(dataset.rejected)
    return {
        "prompts": len(holdout) + train + validation + rejected,
        "examples": train + validation,
        "examplesRejected": rejected,
        "train": train,
        "validation": validation,
        "holdout": len(holdout),
    }


handler = lambda_entry(run)
