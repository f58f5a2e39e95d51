"""PrepareRun: execution input + seeds -> `0-run/` and the prompts; every problem is found before money is spent."""

import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from typing import IO

import msgspec

from application.entry import Event, Invocation, lambda_entry
from application.evaluation_copies import evaluation_items, people_preferences
from application.preflight import check_models, check_seed_prompts, extra_models
from application.reporting.budget import check_estimate, set_aside
from application.run_files import earlier_run
from application.services import Services
from application.serving.approval import may_spend
from application.serving.champion import has_champion
from distillation.bedrock.prices import load_prices
from distillation.bedrock.submission import OPEN, set_run_state
from distillation.costs.deadline import cut_off
from distillation.costs.estimate import Estimate, estimate, workload
from distillation.errors import InvalidInput
from distillation.instructions import prompt_hashes
from distillation.layout import RunLayout, dataset_input, seeds_prefix
from distillation.records import RejectedSeed, Seed, decode_lines, encode_line
from distillation.run.bounds import bounded
from distillation.run.config import RunConfig
from distillation.run.fan_out import check_memory, doublings_within, shard_records
from distillation.run.input import dataset_of, resolve_config
from distillation.run.record import Models, Question, RunRecord, SeedFile
from distillation.seeds.prompts import SeedIntake, prompts_of
from distillation.seeds.reader import is_seed_file
from gateways.keyed_files import StoredObject
from gateways.store import SPOOL_BYTES, Store

LIBRARIES = ("boto3", "msgspec", "pydantic", "aws-lambda-powertools")
"""What run.json names with its version, beside the release."""


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """Gives the reference that all later states carry, and the limits that the machine needs.

    A rerun of the same question goes on with its files.
    """
    store, execution = services.store, event["executionName"]
    settings = store.get_or_none(dataset_input(dataset_of(event["input"])))
    asked_for = resolve_config(event["input"], execution_name=execution, dataset_input=settings)
    config, applied = bounded(asked_for, services.settings.bounds)
    models = check_models(services, config)
    files = _seed_files(services, config, models.problems)
    question = _question(services, config, files)
    record = earlier_run(store, config.run_id, question) or _prepare(
        services, question, files, started_at=event["startedAt"], warnings=(*models.warnings, *applied)
    )
    expected = store.read(RunLayout(record.run_id).estimate, Estimate)
    if record.config != config:  # another budget: all else is the same question
        check_estimate(services, config, expected)
        record = msgspec.structs.replace(record, config=config)
        store.put_json(RunLayout(record.run_id).run, record)
    set_run_state(services.ledger, record.run_id, OPEN, execution=execution, now=services.now())
    set_aside(services, config, expected)
    ask = _above(config, expected) and not may_spend(services, config.run_id)
    return _limits(record) | {"askToSpend": ask, "expectedUsd": f"{expected.total_usd:.2f}"}


def _limits(record: RunRecord) -> dict[str, object]:
    config, judging = record.config, record.config.evaluation.judge
    asked = record.counts["prompts"] + config.expansion.target_prompts
    doublings = doublings_within(config, asked, record.batch_records)
    return {
        "run": {"runId": record.run_id, "dataset": record.dataset, "doublings": doublings, "cutOff": record.cut_off},
        # What jobs leave open at the cut-off goes into a wave of its own.
        "retryWaves": config.batches.retry_waves + bool(record.cut_off),
        "maxConcurrent": config.batches.max_concurrent,
        "expand": config.expansion.target_prompts > 0,
        "judge": config.filters.judge is not None,
        "judgeArms": judging is not None and judging.scores,
        "compareArms": judging is not None and judging.pairwise,
        "promotion": config.promotion,
        "approvalHours": config.serving.approval_hours,
        "counts": record.counts,
    }


def _above(config: RunConfig, expected: Estimate) -> bool:
    return config.approve_above_usd is not None and expected.total_usd > config.approve_above_usd


def _prepare(
    services: Services, question: Question, files: list[StoredObject], *, started_at: str, warnings: tuple[str, ...]
) -> RunRecord:
    store, config = services.store, question.config
    layout, intake = RunLayout(config.run_id), SeedIntake(config)
    evaluation_items(store, config.run_id, config)
    people_preferences(store, config.run_id, config)
    with tempfile.SpooledTemporaryFile(SPOOL_BYTES) as spool:
        store.put_records(layout.rejected_seeds, _rejected(store, intake, files, spool))
        intake.check()
        task = intake.resolve_task()
        check_seed_prompts(config, task, lambda: prompts_of(_seeds(spool), task))
        prompts = store.put_records(layout.prompts, prompts_of(_seeds(spool), task))
        champion = has_champion(services, config.run_id, config.dataset)
        work = workload(prompts_of(_seeds(spool), task), task, config, question.models, champion=champion)
    expected, ends = estimate(work, load_prices()), cut_off(started_at, work, services.settings.rate)
    store.put_json(layout.estimate, expected)
    check_estimate(services, config, expected)
    asked = prompts + config.expansion.target_prompts
    records = shard_records(config, asked)
    doublings_within(config, asked, records)
    check_memory(config, asked, work.own_tokens)
    record = RunRecord(
        run_id=config.run_id,
        dataset=config.dataset,
        created_at=started_at,
        task=task,
        counts=intake.counts(prompts),
        shard_records=records,
        cut_off=ends,
        versions={"nova-distill": services.settings.release} | {name: version(name) for name in LIBRARIES},
        warnings=warnings,
        **msgspec.structs.asdict(question),
    )
    store.put_json(layout.run, record)
    return record


def _seed_files(services: Services, config: RunConfig, of_models: list[str]) -> list[StoredObject]:
    store, prefix = services.store, seeds_prefix(config.dataset)
    found = [o for o in store.list(prefix) if is_seed_file(o.key)]
    expected = f"{prefix}: found no seed file, expected at least one .jsonl or .csv, each also as .gz"
    problems = [*([] if found else [expected]), *of_models]
    problems += [
        f"decontamination.files: found no {key} in the bucket, expected a file of prompts"
        for key in config.decontamination.files
        if key not in {o.key for o in store.list(key)}
    ]
    if problems:
        raise InvalidInput(f"run {config.run_id} cannot start: {len(problems)} problems", problems)
    return found


def _rejected(store: Store, intake: SeedIntake, files: list[StoredObject], spool: IO[bytes]) -> Iterator[RejectedSeed]:
    for file in files:
        for outcome in intake.read(file.key, store.chunks_of(file)):
            if isinstance(outcome, Seed):
                spool.write(encode_line(outcome))
            else:
                yield outcome


def _seeds(spool: IO[bytes]) -> Iterator[Seed]:
    spool.seek(0)
    return decode_lines(spool, Seed)


def _question(services: Services, config: RunConfig, files: list[StoredObject]) -> Question:
    settings = services.settings
    return Question(
        config=config,
        seed_files=tuple(
            SeedFile(key=o.key, etag=o.etag, bytes=o.bytes, version_id=services.store.version_of(o.key)) for o in files
        ),
        models=Models(
            teacher=settings.teacher_model_id,
            teacher_invoke=settings.teacher_invoke_id,
            student=settings.student_model_id,
            base_invoke=settings.base_invoke_id,
            judge=extra_models(settings, config)[0],
        ),
        prompt_hashes=prompt_hashes(),
    )


handler = lambda_entry(run)
