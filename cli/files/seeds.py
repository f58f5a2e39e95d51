"""The seed files of a dataset in the bucket: listed, checked, removed."""

import json
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from application.services import Services
from cli.errors import CommandError
from cli.files.validate import Findings, check_seeds
from distillation.errors import InvalidInput
from distillation.layout import dataset_input, seeds_prefix
from distillation.records import RejectedSeed
from distillation.run.config import RunConfig
from distillation.run.input import resolve_config
from distillation.seeds.reader import UNREADABLE_FIELD, is_seed_file
from gateways.keyed_files import StoredObject
from gateways.store import Store

_EXAMPLE = "statemachine/example-input.json is an input to begin with."


def seed_files(store: Store, dataset: str) -> list[StoredObject]:
    """The dataset's seed files. Raises CommandError where there is none, with the dataset that may be meant."""
    found = [stored for stored in store.list(seeds_prefix(dataset)) if is_seed_file(stored.key)]
    if not found:
        others = sorted({stored.key.split("/")[1] for stored in store.list("seeds/") if is_seed_file(stored.key)})
        close = get_close_matches(dataset, others, n=1)
        hint = f"Did you mean {close[0]}? " if close else ""
        raise CommandError(
            f"There is no seed file in {store.uri(seeds_prefix(dataset))}.",
            f"{hint}`python -m cli start {dataset} --upload FILE` uploads one.",
        )
    return found


def draw_seeds(files: Sequence[StoredObject], dataset: str) -> Table:
    """Every file of the dataset's folder, and what a run makes of it."""
    table = Table("file", box=None, pad_edge=False)
    for name in ("bytes", "uploaded (UTC)", "read as"):
        table.add_column(name, justify="right" if name == "bytes" else "left", no_wrap=True)
    for stored in files:
        other = "settings" if stored.key == dataset_input(dataset) else "nothing"
        what = "seeds" if is_seed_file(stored.key) else other
        named = Text(stored.key.removeprefix(seeds_prefix(dataset)), overflow="fold")
        table.add_row(named, f"{stored.bytes:,}", f"{stored.modified:%Y-%m-%d %H:%M}", what)
    return table


def usable(execution_input: Mapping[str, Any], advice: str, stored: bytes | None = None) -> RunConfig:
    """A run's settings; `stored`: the dataset's input.json. Raises CommandError with every problem and `advice`."""
    try:
        return resolve_config(execution_input, execution_name="validated", dataset_input=stored)
    except InvalidInput as error:
        raise CommandError(str(error), advice) from None


def config_of(store: Store, dataset: str, given: Mapping[str, Any] | None = None) -> RunConfig:
    """The settings of a run with the execution input `given`. Raises CommandError where input.json cannot be used."""
    key = dataset_input(dataset)
    advice = f"Correct {key}, and upload it again."
    return usable({"dataset": dataset, **(given or {})}, advice, store.get_or_none(key))


def check_dataset(services: Services, dataset: str, given: Mapping[str, Any] | None = None) -> Findings:
    """What a run on the files of the bucket, with the execution input `given`, would say."""
    store = services.store
    keys = [stored.key for stored in seed_files(store, dataset)]
    sources = {key: lambda key=key: store.chunks(key) for key in keys}
    return check_seeds(config_of(store, dataset, given), sources, deployed=services.settings)


def removals(findings: Findings, dataset: str) -> list[str]:
    """The commands that remove the files that cannot be read to their end."""
    bad: list[RejectedSeed] = [seed for seed in findings.rejected if seed.field == UNREADABLE_FIELD]
    names = dict.fromkeys(seed.file.removeprefix(seeds_prefix(dataset)) for seed in bad)
    return [f"python -m cli seeds {dataset} --remove {name}" for name in names]


def remove(store: Store, dataset: str, names: Sequence[str]) -> None:
    """Deletes files of the dataset. Raises CommandError for a name that is not there; then nothing is deleted."""
    known = {stored.key for stored in store.list(seeds_prefix(dataset))}
    keys = [seeds_prefix(dataset) + name for name in names]
    missing = [key for key in keys if key not in known]
    if missing:
        raise CommandError(f"There is no {', '.join(missing)}.", f"`python -m cli seeds {dataset}` lists the files.")
    for key in keys:
        store.delete(key)


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file. Raises CommandError when it holds something else."""
    try:
        value = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise CommandError(f"{path} is not JSON: {error}.", _EXAMPLE) from None
    if not isinstance(value, dict):
        raise CommandError(f"{path} holds no JSON object.", _EXAMPLE)
    return value
