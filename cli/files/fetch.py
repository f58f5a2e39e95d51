"""Copies the files of a run to a folder, in the layout of the bucket."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import Protocol

from cli.errors import CommandError
from cli.files.stored import StoredFile
from distillation.layout import RunLayout

WORKERS = 8


class FileSource(Protocol):
    """What fetching asks of AWS (`aws.Cloud`)."""

    def files(self, prefix: str) -> Iterable[StoredFile]: ...

    def download(self, key: str, path: Path, received: Callable[[int], None]) -> None: ...


def files_of(source: FileSource, run_id: str) -> list[StoredFile]:
    """All objects of a run. Raises CommandError when there are none.

    Keys that end in / are folders that the console made.
    """
    found = [file for file in source.files(RunLayout(run_id).root) if not file.key.endswith("/")]
    if not found:
        raise CommandError(
            f"The run {run_id} has no files.",
            (
                "`python -m cli runs` lists the newest runs. A run that has just started writes its first files in "
                "PrepareRun."
            ),
        )
    return found


def fetch(
    source: FileSource, run_id: str, files: Iterable[StoredFile], target: Path, received: Callable[[int], None]
) -> list[Path]:
    """Downloads `files` side by side.

    Every file appears under its name only when it is whole, so an interrupted fetch leaves nothing half.
    """
    root = RunLayout(run_id).root
    places = [(file, local_path(target, file.key.removeprefix(root))) for file in files]
    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(lambda place: _download(source, place[0].key, place[1], received), places))


def local_path(target: Path, name: str) -> Path:
    """Where a file of the run goes.

    Raises CommandError for a key that would lead out of the folder: any string can be a key in S3.
    """
    parts = PurePosixPath(name).parts
    safe = target.joinpath(*parts)
    if not parts or ".." in parts or "\\" in name or not safe.resolve().is_relative_to(target.resolve()):
        raise CommandError(
            f"The key {name!r} would be written outside of {target}.",
            "Nobody but the run writes below its prefix: remove that object from the bucket.",
        )
    return safe


def _download(source: FileSource, key: str, path: Path, received: Callable[[int], None]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    source.download(key, part, received)
    return part.replace(path)
