"""A run's files in a folder, with the methods of `gateways.store.Store`: what the functions do in the bucket can be done again without AWS.

Reads come from the folder of the run as far as `shown` lets them through, and from what was written since; writes go to a folder of their own.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from distillation.record_lines import decode_lines, encode_lines
from distillation.run_layout import RunLayout
from gateways.store import CHUNK_BYTES, StoredObject

T = TypeVar("T", bound=msgspec.Struct)


class FolderStore:
    """Keys of the run `run_id` are paths below `source` and, once written, below `target`; other keys are below `target` only."""

    def __init__(self, run_id: str, source: Path, target: Path, shown: Callable[[str], bool]) -> None:
        self._root, self._source, self._target, self._shown = RunLayout(run_id).root, source, target, shown

    def list(self, prefix: str) -> list[StoredObject]:
        """Files whose key begins with `prefix`, in order of key, without etag: a folder keeps none."""
        found = {key: path for folder in (self._source, self._target) for key, path in self._files(folder) if key.startswith(prefix)}
        return [_stored(key, self._read_path(key)) for key in sorted(found)]

    def get(self, key: str) -> bytes:
        """A whole file. Raises FileNotFoundError."""
        return self._read_path(key).read_bytes()

    def get_or_none(self, key: str) -> bytes | None:
        """A whole file, None where there is none."""
        path = self._read_path(key)
        return path.read_bytes() if path.is_file() else None

    def chunks(self, key: str) -> Iterator[bytes]:
        """A file's bytes as a stream."""
        with self._read_path(key).open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk

    def lines(self, key: str) -> Iterator[bytes]:
        """A file's lines as a stream, without their ends."""
        with self._read_path(key).open("rb") as file:
            yield from (line.rstrip(b"\r\n") for line in file)

    def records(self, key: str, kind: type[T]) -> Iterator[T]:
        """A file's lines as records."""
        return decode_lines(self.lines(key), kind)

    def records_below(self, prefix: str, kind: type[T], *, named: str = "", suffix: str = ".jsonl") -> Iterator[T]:
        """The records of all files below a prefix whose name starts with `named`, in order of key."""
        return decode_lines(self.lines_below(prefix, named=named, suffix=suffix), kind)

    def lines_below(self, prefix: str, *, named: str = "", suffix: str = ".jsonl") -> Iterator[bytes]:
        """The lines of the same files."""
        for stored in self.list(prefix):
            if stored.key.endswith(suffix) and stored.key.rsplit("/", 1)[1].startswith(named):
                yield from self.lines(stored.key)

    def put(self, key: str, body: bytes, content_type: str = "application/json") -> None:
        """Writes a whole file."""
        self._write_path(key).write_bytes(body)

    def put_json(self, key: str, record: object) -> None:
        """Writes a record as indented JSON."""
        self.put(key, msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n")

    def put_lines(self, key: str, lines: Iterable[bytes]) -> int:
        """Writes lines as one file and gives their number."""
        with self._write_path(key).open("wb") as file:
            return sum(file.write(line) > 0 for line in lines)

    def put_records(self, key: str, records: Iterable[object]) -> int:
        """Writes records, one line of JSON each, and gives their number."""
        return self.put_lines(key, encode_lines(records))

    def copy(self, source: str, target: str) -> None:
        """Copies a file."""
        shutil.copyfile(self._read_path(source), self._write_path(target))

    def _files(self, folder: Path) -> Iterator[tuple[str, Path]]:
        for path in folder.rglob("*"):
            name = path.relative_to(folder).as_posix()
            if path.is_file() and (folder == self._target or self._shown(name)):
                yield (name if name.startswith("answers/") else self._root + name), path

    def _read_path(self, key: str) -> Path:
        name = key.removeprefix(self._root)
        written = self._target / name
        return written if written.is_file() or not self._shown(name) else self._source / name

    def _write_path(self, key: str) -> Path:
        path = self._target / key.removeprefix(self._root)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


def _stored(key: str, path: Path) -> StoredObject:
    facts = path.stat()
    return StoredObject(key, facts.st_size, "", datetime.fromtimestamp(facts.st_mtime, UTC))
