"""Files under keys, wherever they lie: what can be said by listing, reading and writing lines.

The bucket, a folder and a test's memory share it.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple, TypeVar

import msgspec

from distillation.records import decode_lines, encode_lines

T = TypeVar("T", bound=msgspec.Struct)


class StoredObject(NamedTuple):
    """An object as S3 lists it: size in bytes, etag without quotes."""

    key: str
    bytes: int
    etag: str
    modified: datetime


class KeyedFiles(ABC):
    """Keys come from `distillation.layout`."""

    @abstractmethod
    def list(self, prefix: str) -> list[StoredObject]:
        """Objects below a prefix, in order of key."""

    @abstractmethod
    def lines(self, key: str) -> Iterator[bytes]:
        """An object's lines as a stream."""

    @abstractmethod
    def put(self, key: str, body: bytes, content_type: str = "application/json") -> None:
        """Writes a whole object."""

    @abstractmethod
    def put_lines(self, key: str, lines: Iterable[bytes]) -> int:
        """Writes lines as one object and gives their number."""

    def records(self, key: str, kind: type[T]) -> Iterator[T]:
        """An object's lines as records."""
        return decode_lines(self.lines(key), kind)

    def records_below(self, prefix: str, kind: type[T], *, named: str = "", suffix: str = ".jsonl") -> Iterator[T]:
        """The records of all objects below a prefix whose file name starts with `named`, in order of key."""
        return decode_lines(self.lines_below(prefix, named=named, suffix=suffix), kind)

    def lines_below(self, prefix: str, *, named: str = "", suffix: str = ".jsonl") -> Iterator[bytes]:
        """The lines of the same objects."""
        for stored in self.list(prefix):
            if stored.key.endswith(suffix) and stored.key.rsplit("/", 1)[1].startswith(named):
                yield from self.lines(stored.key)

    def put_json(self, key: str, record: object) -> None:
        """Writes a record as indented JSON, for people to read too."""
        self.put(key, msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n")

    def put_records(self, key: str, records: Iterable[object]) -> int:
        """Writes records, one line of JSON each, and gives their number."""
        return self.put_lines(key, encode_lines(records))
