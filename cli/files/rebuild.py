"""Makes a run's dataset again from what Bedrock replied, by the functions' own code, and compares the manifests."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, cast

from rich.table import Table

from application.dataset_files import write_dataset
from application.run_files import read_wave, waves_of
from application.services import Services
from cli.errors import CommandError
from cli.files.folder_store import RunCopy
from distillation.dataset.manifest import Manifest
from distillation.layout import RunLayout
from distillation.records import Asking, decode_json
from gateways.store import Store
from handlers import read_replies, reduce_shard
from settings import Settings

DATASET = "5-dataset"
MANIFEST = f"{DATASET}/manifest.json"
_NEEDED = ("0-run/", "1-prompts/", "2-requests/", "3-replies/")


class _Turn:
    def get_remaining_time_in_millis(self) -> int:
        return 900_000


class Rebuilt(NamedTuple):
    """The manifest that the run left, the one made now, and the sha256 of the dataset's files that were handed over."""

    before: Manifest
    now: Manifest
    given: dict[str, str]

    @property
    def altered(self) -> list[str]:
        """Names of the files handed over that are not what the run wrote."""
        return [name for name, digest in self.given.items() if digest != self.before.files[name].sha256]

    @property
    def differing(self) -> list[str]:
        """Names of the files whose content is not what it was."""
        return _changed(self.before.files, self.now.files)


def is_needed(name: str) -> bool:
    """Whether the dataset is made from a file of the run, such as replies and answers of earlier runs."""
    return name.startswith(_NEEDED) or re.search(r"^4-answers/(.*cached\.jsonl|cached-\d+\.jsonl)$", name) is not None


def is_fetched(name: str) -> bool:
    """Whether a file is downloaded: what is needed, and the manifest to compare with."""
    return is_needed(name) or name == MANIFEST


def rebuild(run_id: str, source: Path, target: Path) -> Rebuilt:
    """Makes the dataset again in `target` of the run's files in `source`. Raises CommandError where there are none."""
    before = _manifest(run_id, source)
    # The same methods as the bucket's store: the functions' code cannot tell the difference.
    store = cast("Store", RunCopy(run_id, source, target, is_needed))
    services = Services(Settings())
    services.__dict__["store"] = store
    _read_all_replies(services, run_id, before.dataset)
    first = read_wave(store, run_id, 0)
    if first is None:
        raise CommandError(
            f"The run {run_id} has no {RunLayout(run_id).wave_plan(0)}.", "Without it nobody knows what was asked."
        )
    for shard in range(first.prompt_shards):
        reduce_shard.run({"run": {"runId": run_id, "dataset": before.dataset}, "shard": shard}, services, _Turn())
    return Rebuilt(before, write_dataset(store, run_id), _given(before, source))


def _given(before: Manifest, source: Path) -> dict[str, str]:
    digests = {}
    for name in before.files:
        path = source / DATASET / name
        if path.is_file():
            with path.open("rb") as file:
                digests[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return digests


def draw(rebuilt: Rebuilt) -> Table:
    """One line a file."""
    table = Table("file", "lines", "sha256 then", "sha256 now", "", box=None, pad_edge=False)
    for name in sorted({*rebuilt.before.files, *rebuilt.now.files}):
        before, now = rebuilt.before.files.get(name), rebuilt.now.files.get(name)
        lines = f"{now.lines:,}" if now else ""
        then, again = (file.sha256[:16] if file else "(none)" for file in (before, now))
        table.add_row(name, lines, then, again, "[green]same[/]" if before == now else "[red]differs[/]")
    return table


def explanations(rebuilt: Rebuilt) -> list[str]:
    """What is not as it was when the run made its dataset: versions of libraries, texts of prompts."""
    pairs = {
        "version of": (rebuilt.before.versions, rebuilt.now.versions),
        "prompt text": (rebuilt.before.prompt_hashes, rebuilt.now.prompt_hashes),
    }
    return [
        f"{what} {name}: {then.get(name)} then, {now.get(name)} now"
        for what, (then, now) in pairs.items()
        for name in _changed(then, now)
    ]


def _changed(then: Mapping[str, object], now: Mapping[str, object]) -> list[str]:
    return [name for name in sorted({*then, *now}) if then.get(name) != now.get(name)]


def _manifest(run_id: str, source: Path) -> Manifest:
    path = source / MANIFEST
    if not path.is_file():
        raise CommandError(
            f"{source} holds no {MANIFEST}.",
            f"`python -m cli fetch {run_id} --to DIR` copies the files of a run that has made its dataset.",
        )
    manifest = decode_json(path.read_bytes(), Manifest)
    if manifest.run_id != run_id:
        raise CommandError(f"{source} holds the run {manifest.run_id}, not {run_id}.")
    return manifest


def _read_all_replies(services: Services, run_id: str, dataset: str) -> None:
    run = {"runId": run_id, "dataset": dataset}
    for stage in (Asking.PILOT, Asking.ANSWERS, Asking.RATINGS):
        for planned in waves_of(services.store, run_id, stage):
            for shard in planned.shards:
                event = {"run": run, "stage": stage, "wave": planned.wave, "shard": shard.shard}
                read_replies.run(event, services, _Turn())
