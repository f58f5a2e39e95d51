"""A run's bucket as a folder, and the services that the curation handlers reach: production's protocols, files in the place of S3."""

import shutil
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from application.services import Services
from distillation.record_lines import decode_lines, encode_lines
from gateways.store import StoredObject
from settings import Settings

T = TypeVar("T", bound=msgspec.Struct)
_PRO, _MICRO = "amazon.nova-pro-v1:0", "amazon.nova-micro-v1:0"
_STARTED = datetime(2026, 1, 1, tzinfo=UTC)


class FolderStore:
    """The protocol of `gateways.store.Store` over a folder; streams both ways, as S3 does."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def uri(self, key: str) -> str:
        """The key as an S3 URI."""
        return f"s3://folder/{key}"

    def list(self, prefix: str) -> list[StoredObject]:
        """Objects below a prefix, in order of key."""
        folder, _, _ = prefix.rpartition("/")
        keys = sorted(p.relative_to(self.root).as_posix() for p in (self.root / folder).rglob("*") if p.is_file())
        return [StoredObject(key, (self.root / key).stat().st_size, "etag", _STARTED) for key in keys if key.startswith(prefix)]

    def version_of(self, key: str) -> str:
        """Folders keep no versions."""
        return ""

    def get(self, key: str) -> bytes:
        """A whole object."""
        return (self.root / key).read_bytes()

    def get_or_none(self, key: str) -> bytes | None:
        """A whole object, None where there is none."""
        path = self.root / key
        return path.read_bytes() if path.is_file() else None

    def chunks(self, key: str) -> Iterator[bytes]:
        """An object's bytes as a stream."""
        with (self.root / key).open("rb") as file:
            while chunk := file.read(1 << 20):
                yield chunk

    def lines(self, key: str) -> Iterator[bytes]:
        """An object's lines as a stream."""
        with (self.root / key).open("rb") as file:
            yield from file

    def records(self, key: str, kind: type[T]) -> Iterator[T]:
        """An object's lines as records."""
        return decode_lines(self.lines(key), kind)

    def put(self, key: str, body: bytes, content_type: str = "") -> None:
        """Writes a whole object."""
        self._place(key).write_bytes(body)

    def put_json(self, key: str, record: object) -> None:
        """Writes a record as indented JSON."""
        self.put(key, msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n")

    def put_lines(self, key: str, lines: Iterable[bytes]) -> int:
        """Writes lines and gives their number. As in S3 the object is there, whole, only when all lines are written."""
        count, target = 0, self._place(key)
        part = target.with_name(f"{target.name}.part")
        with part.open("wb") as file:
            for line in lines:
                file.write(line)
                count += 1
        part.replace(target)
        return count

    def put_records(self, key: str, records: Iterable[object]) -> int:
        """Writes records, one line of JSON each."""
        return self.put_lines(key, encode_lines(records))

    def copy(self, source: str, target: str) -> None:
        """Copies an object."""
        shutil.copyfile(self.root / source, self._place(target))

    def records_below(self, prefix: str, kind: type[T], *, named: str = "", suffix: str = ".jsonl") -> Iterator[T]:
        """The records of all objects below a prefix whose file name starts with `named`, in order of key."""
        return decode_lines(self.lines_below(prefix, named=named, suffix=suffix), kind)

    def lines_below(self, prefix: str, *, named: str = "", suffix: str = ".jsonl") -> Iterator[bytes]:
        """The lines of the same objects."""
        for stored in self.list(prefix):
            if stored.key.endswith(suffix) and stored.key.rsplit("/", 1)[1].startswith(named):
                yield from self.lines(stored.key)

    def _place(self, key: str) -> Path:
        path = self.root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


class _NoLedger:
    """No job was paid for here."""

    def rows(self, run_id: str) -> list[object]:
        return []


class _AnyModel:
    """Every model is there."""

    def problem_with(self, model_id: str) -> None:
        return None

    problem_with_profile = problem_with


class NoHurry:
    """A turn with all of Lambda's 15 minutes left."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds."""
        return 900_000


def folder_services(root: Path) -> Services:
    """Services over a folder: what PrepareRun, PlanRequests, ReadReplies, ReduceShard and AssembleDataset use."""
    names = Settings("folder", "ledger", "bench", "role", "role", _PRO, _PRO, f"{_MICRO}:128k", _MICRO, "machine")
    services = Services(names, lambda: _STARTED)
    services.__dict__.update(store=FolderStore(root), ledger=_NoLedger(), catalogue=_AnyModel())
    return services
