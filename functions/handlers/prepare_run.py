"""PrepareRun: execution input + seeds -> run.json, prompts.jsonl, rejected-seeds.jsonl, estimate.json; every problem is found here, before money is spent."""

import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from typing import IO

import msgspec

from application.entry import Event, Turn, lambda_entry
from application.run_files import earlier_run
from application.services import Services
from distillation.costs import Estimate, estimate, load_prices, workload
from distillation.errors import BudgetExceeded, InvalidInput
from distillation.prompt_texts import prompt_hashes
from distillation.record_lines import decode_lines, encode_line
from distillation.records import RejectedSeed, Seed
from distillation.run_config import RunConfig
from distillation.run_input import dataset_of, resolve_config
from distillation.run_layout import RunLayout, dataset_input, seeds_prefix
from distillation.run_record import Models, Question, RunRecord, SeedFile
from distillation.seeds import is_seed_file
from distillation.seeds_to_prompts import SeedIntake, prompts_of
from distillation.task import Task
from gateways.store import SPOOL_BYTES, Store, StoredObject


def run(event: Event, services: Services, turn: Turn) -> dict[str, object]:
    """Gives the reference that all later states carry, and the limits that the machine needs. A rerun of the same question goes on with its files."""
    store = services.store
    dataset = dataset_of(event["input"])
    config = resolve_config(event["input"], execution_name=event["executionName"], dataset_input=store.get_or_none(dataset_input(dataset)))
    files = _seed_files(services, config)
    question = _question(services, config, files)
    record = earlier_run(store, config.run_id, question) or _prepare(services, config, files, question, started_at=event["startedAt"])
    return {
        "run": {"runId": record.run_id, "dataset": dataset},
        "retryWaves": config.batches.retry_waves,
        "maxConcurrent": config.batches.max_concurrent,
        "counts": record.counts,
    }


def _prepare(services: Services, config: RunConfig, files: list[StoredObject], question: Question, *, started_at: str) -> RunRecord:
    store, layout = services.store, RunLayout(config.run_id)
    with tempfile.SpooledTemporaryFile(SPOOL_BYTES) as spool:
        intake = _take_in(store, layout, config, files, spool)
        task = intake.resolve_task()
        prompts = store.put_records(layout.prompts, prompts_of(_seeds(spool), task))
        expected = _estimate(services, config, task, spool)
    store.put_json(layout.estimate, expected)
    _check_budget(config, expected)
    record = RunRecord(
        run_id=config.run_id,
        dataset=config.dataset,
        created_at=started_at,
        task=task,
        counts=intake.counts(prompts),
        versions={name: version(name) for name in ("boto3", "msgspec", "pydantic", "aws-lambda-powertools")},
        **msgspec.structs.asdict(question),
    )
    store.put_json(layout.run, record)
    return record


def _seed_files(services: Services, config: RunConfig) -> list[StoredObject]:
    found = [o for o in services.store.list(seeds_prefix(config.dataset)) if is_seed_file(o.key)]
    problems = [] if found else [f"{seeds_prefix(config.dataset)}: found no seed file, expected at least one .jsonl or .csv, each also as .gz"]
    problems += _model_problems(services)
    if problems:
        raise InvalidInput(f"run {config.run_id} cannot start: {len(problems)} problems", problems)
    return found


def _model_problems(services: Services) -> list[str]:
    settings, catalogue = services.settings, services.catalogue
    problems = [catalogue.problem_with(model) for model in (settings.teacher_model_id, settings.student_model_id)]
    if settings.teacher_invoke_id != settings.teacher_model_id:
        problems.append(catalogue.problem_with_profile(settings.teacher_invoke_id))
    return [problem for problem in problems if problem]


def _take_in(store: Store, layout: RunLayout, config: RunConfig, files: list[StoredObject], spool: IO[bytes]) -> SeedIntake:
    intake = SeedIntake(config)
    store.put_records(layout.rejected_seeds, _rejected(store, intake, files, spool))
    intake.check()
    return intake


def _rejected(store: Store, intake: SeedIntake, files: list[StoredObject], spool: IO[bytes]) -> Iterator[RejectedSeed]:
    for file in files:
        for outcome in intake.read(file.key, store.chunks(file.key)):
            if isinstance(outcome, Seed):
                spool.write(encode_line(outcome))
            else:
                yield outcome


def _seeds(spool: IO[bytes]) -> Iterator[Seed]:
    spool.seek(0)
    return decode_lines(spool, Seed)


def _estimate(services: Services, config: RunConfig, task: Task, spool: IO[bytes]) -> Estimate:
    load = workload(
        prompts_of(_seeds(spool), task),
        task,
        samples=config.sampling.greedy + config.sampling.sampled,
        max_tokens=config.sampling.max_tokens,
        holdout_share=config.split.holdout_share,
        validation_share=config.split.validation_share,
        epochs=config.training.epoch_count,
        teacher=services.settings.teacher_model_id,
        student=services.settings.student_model_id,
    )
    return estimate(load, load_prices())


def _check_budget(config: RunConfig, expected: Estimate) -> None:
    if config.max_usd is not None and expected.total_usd > config.max_usd:
        raise BudgetExceeded(
            f"the run is estimated at {expected.total_usd:.2f} USD and maxUsd is {config.max_usd:.2f}: raise maxUsd, give fewer seeds "
            "or lower sampling.sampled (0-run/estimate.json says what costs what)"
        )


def _question(services: Services, config: RunConfig, files: list[StoredObject]) -> Question:
    settings = services.settings
    return Question(
        config=config.to_json(),
        seed_files=tuple(SeedFile(key=o.key, etag=o.etag, bytes=o.bytes, version_id=services.store.version_of(o.key)) for o in files),
        models=Models(
            teacher=settings.teacher_model_id, teacher_invoke=settings.teacher_invoke_id, student=settings.student_model_id, base_invoke=settings.base_invoke_id
        ),
        prompt_hashes=prompt_hashes(),
    )


handler = lambda_entry(run)
