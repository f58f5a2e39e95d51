"""Checks seeds and input without AWS, by the same code that PrepareRun runs, and says what would disappoint."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from application.preflight import check_seed_prompts
from cli.files.estimate import Expected, expect
from cli.files.ignored_keys import ignored_keys
from distillation.bedrock.limits import MIN_SAMPLES
from distillation.errors import DistillationError, InvalidInput
from distillation.evaluation.explanation.warnings import ALIKE_SHARE, alike_warning
from distillation.evaluation.uncertainty.noninferiority import MIN_GRADED, MIN_ITEMS
from distillation.layout import RunLayout
from distillation.records import RejectedSeed, Seed, dialogue
from distillation.run.config import RunConfig
from distillation.run.input import resolve_config
from distillation.seeds.prompts import SeedIntake, prompts_of
from distillation.seeds.reader import is_seed_file
from distillation.seeds.split import Side, side_of
from distillation.seeds.tally import DUPLICATE_REASONS
from distillation.similarity.words import begin_alike
from distillation.task import Task, TaskKind
from settings import Settings

_CHUNK = 1 << 20
_NOT_DEPLOYED = Settings()
Sources = Mapping[str, Callable[[], Iterator[bytes]]]
"""Seed files by name, each with what gives its bytes."""


@dataclass(frozen=True, slots=True)
class Findings:
    """`fatal` is why a run would fail or be of no use, `remarks` are worth knowing, one line each; `rejected` are the
    seeds that a run would set aside.

    `task`, `counts`, `sides` (how many prompts go where) and what it is `expected` to cost are there where it would go
    on.
    """

    fatal: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    rejected: tuple[RejectedSeed, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)
    sides: dict[str, int] = field(default_factory=dict)
    task: Task | None = None
    expected: Expected | None = None


def check_input(execution_input: dict[str, Any]) -> tuple[RunConfig | None, Findings]:
    """The resolved input, or its problems."""
    try:
        return resolve_config(execution_input, execution_name="validated"), Findings()
    except InvalidInput as error:
        return None, Findings(fatal=tuple(error.problems))


def local_files(paths: Sequence[Path]) -> Sources:
    """Files of this machine, in the order that a run reads them in."""
    return {str(path): lambda path=path: _chunks(path) for path in sorted(paths, key=lambda path: path.name)}  # type: ignore[misc]


def check_seeds(
    config: RunConfig, sources: Sources, *, whole: bool = True, deployed: Settings = _NOT_DEPLOYED
) -> Findings:
    """What a run on these files would say. `whole` False: the dataset has more files, so few seeds are no problem.
    `deployed`: whose models, rate and bounds it would have.
    """
    strangers = [
        f"{name}: found another kind of file, expected .jsonl or .csv, each also as .gz"
        for name in sources
        if not is_seed_file(name)
    ]
    if strangers:
        return Findings(fatal=tuple(strangers))
    intake, seeds, rejected = SeedIntake(config), list[Seed](), list[RejectedSeed]()
    fatal, remarks = list[str](), list[str]()
    for name, chunks in sources.items():
        before = len(seeds) + len(rejected)
        for outcome in intake.read(name, chunks()):
            if isinstance(outcome, Seed):
                seeds.append(outcome)
            else:
                rejected.append(outcome)
        if len(seeds) + len(rejected) == before:
            fatal.append(f"{name}: holds no seed")
        problems, more = ignored_keys(name, chunks(), config.prompt_template)
        fatal, remarks = [*fatal, *problems], [*remarks, *more]
    fatal += _contradictions(rejected, len(seeds) + len(rejected), config)
    try:
        intake.check()
    except InvalidInput as error:
        if seeds or rejected:
            fatal.append(_headline(error, config))
        return Findings(tuple(fatal), tuple(remarks), tuple(rejected))
    return _with_task(
        Findings(tuple(fatal), tuple(remarks), tuple(rejected)), intake, seeds, config, whole=whole, deployed=deployed
    )


def _with_task(
    found: Findings, intake: SeedIntake, seeds: list[Seed], config: RunConfig, *, whole: bool, deployed: Settings
) -> Findings:
    try:
        task = intake.resolve_task()
    except DistillationError as error:
        return Findings((*found.fatal, *str(error).splitlines()), found.remarks, found.rejected)
    prompts = list(prompts_of(seeds, task))
    sides = Counter(side_of(prompt, config.split) for prompt in prompts)
    trained = sides[Side.TRAIN] + sides[Side.VALIDATION]
    few, measured = list(found.fatal), list(found.remarks)
    if whole and trained < MIN_SAMPLES and not config.expansion.target_prompts:
        few.append(
            f"{trained} prompts are left to train on beside {sides[Side.HOLDOUT]} that are held out; a fine-tuning job "
            f"takes at least {MIN_SAMPLES}: give more seeds"
        )
    try:
        check_seed_prompts(config, task, lambda: prompts)
    except InvalidInput as error:
        few += error.problems
    least = MIN_GRADED if task.kind in (TaskKind.JSON, TaskKind.TEXT) else MIN_ITEMS
    if whole and sides[Side.HOLDOUT] < least:
        measured.append(
            f"held out: {sides[Side.HOLDOUT]:,} of the prompts; with fewer than {least} no student can be promoted"
        )
    held = [dialogue(one) for one in prompts if one.group is None and side_of(one, config.split) is Side.HOLDOUT]
    if whole and (alike := begin_alike(held)) >= max(3, ALIKE_SHARE * sides[Side.HOLDOUT]):
        measured.append(alike_warning(alike, sides[Side.HOLDOUT]))
    counts = intake.counts(prompts=len(prompts))
    expected = None
    if not few:
        try:
            expected = expect(config, task, prompts, deployed)
        except InvalidInput as error:
            few += error.problems
    if expected:
        few += _too_dear(expected.estimate.total_usd, config, deployed)
    by_side = {str(side): sides[side] for side in Side}
    return Findings(tuple(few), tuple(measured), found.rejected, counts, by_side, task, expected)


def _too_dear(usd: float, config: RunConfig, deployed: Settings) -> list[str]:
    most, mend = deployed.bounds.max_usd_per_run, "fewer seeds or a lower sampling.sampled"
    said = f"the run is estimated at {usd:.2f} USD, and"
    found = []
    if config.max_usd is not None and usd > config.max_usd:
        found.append(f"{said} maxUsd is {config.max_usd:g}: give a higher maxUsd, {mend}")
    if most and usd > most:
        found.append(f"{said} this deployment's maxUsdPerRun, which no input can raise, is {most:g}: give {mend}")
    return found


def _contradictions(rejected: Sequence[RejectedSeed], seeds: int, config: RunConfig) -> list[str]:
    """References that contradict one another: the run goes on with the first of each, but the data is in doubt."""
    number = sum(seed.reason == "duplicate_conflicting_reference" for seed in rejected)
    if number <= config.max_rejected_seed_share * seeds:
        return []
    return [
        f"{number:,} of {seeds:,} seeds contradict the reference of an earlier seed with the same prompt; at most "
        f"{config.max_rejected_seed_share:.1%} may: correct the references, or remove one of the files"
    ]


def is_bad(seed: RejectedSeed) -> bool:
    """Whether something is wrong with a seed that is set aside: of duplicates only the first is used."""
    return seed.reason not in DUPLICATE_REASONS


def _headline(error: InvalidInput, config: RunConfig) -> str:
    """Without the lines, which are shown by reason, and without the file that only a run writes."""
    written = f" All rejected seeds are in {RunLayout(config.run_id).rejected_seeds}."
    return str(error).splitlines()[0].replace(written, "")


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk
