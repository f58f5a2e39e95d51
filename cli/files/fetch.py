"""Copies the files of a run to a folder, in the layout of the bucket."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

from cli.errors import CommandError
from cli.screen import screen
from distillation.layout import RunLayout
from gateways.executions import json_object
from gateways.keyed_files import KeyedFiles, StoredObject

WORKERS = 8


def fetch(store: KeyedFiles, run_id: str, target: Path, is_wanted: Callable[[str], bool] = lambda _: True) -> int:
    """Copies the files of a run whose names below the run's folder are wanted; gives their number. A file appears under
    its name only when it is whole.

    Raises CommandError: the run has no files, a key would lead out of the folder, or the folder holds another run.
    """
    root = RunLayout(run_id).root
    _refuse_another_run(run_id, target)
    # Keys that end in / are folders that the console made.
    stored = [file for file in store.list(root) if not file.key.endswith("/")]
    if not stored:
        raise CommandError(
            f"The run {run_id} has no files.",
            "`python -m cli runs` lists the newest runs. A run that has just started writes its first files in "
            "PrepareRun.",
        )
    wanted = [file for file in stored if is_wanted(file.key.removeprefix(root))]
    wanted.sort(key=lambda file: file.key != RunLayout(run_id).run)  # first what says whose folder it is
    places = [local_path(target, file.key.removeprefix(root)) for file in wanted]
    _copy(store, wanted, places)
    return len(wanted)


def _refuse_another_run(run_id: str, target: Path) -> None:
    record = target / RunLayout(run_id).run.removeprefix(RunLayout(run_id).root)
    held = json_object(record.read_bytes()).get("runId", run_id) if record.is_file() else run_id
    if held != run_id:
        raise CommandError(
            f"{target} holds the run {held}: two runs in one folder would be taken for one.", "Name another folder."
        )


def local_path(target: Path, name: str) -> Path:
    """Where a file goes. Raises CommandError for a key that leads out of the folder: S3 takes any string as a key."""
    parts = PurePosixPath(name).parts
    safe = target.joinpath(*parts)
    if not parts or ".." in parts or "\\" in name or not safe.resolve().is_relative_to(target.resolve()):
        raise CommandError(
            f"The key {name!r} would be written outside of {target}.",
            "Only the run itself writes below its prefix. Remove that object from the bucket.",
        )
    return safe


def _copy(store: KeyedFiles, files: Sequence[StoredObject], places: Sequence[Path]) -> None:
    with screen.transfer() as progress, ThreadPoolExecutor(WORKERS) as pool:
        task = progress.add_task(f"{len(files):,} files", total=sum(file.bytes for file in files))

        def copy(file: StoredObject, path: Path) -> None:
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(path.name + ".part")
            with part.open("wb") as target:
                for chunk in store.chunks(file.key):
                    target.write(chunk)
                    progress.advance(task, len(chunk))
            part.replace(path)

        if files:
            copy(files[0], places[0])
        list(pool.map(copy, files[1:], places[1:]))
