"""Files under keys, wherever they lie: the bucket, a folder, a test's memory. All else follows from five methods."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple, TypeVar

import msgspec

from distillation.records import decode_json, encode_json, encode_lines

K = TypeVar("K")
T = TypeVar("T", bound=msgspec.Struct)


class StoredObject(NamedTuple):
    """An object as S3 lists it: size in bytes, etag without quotes."""

    key: str
    bytes: int
    etag: str
    modified: datetime


class KeyedFiles(ABC):
    """Keys come from `distillation.layout`. `place` is the URI that they stand below."""

    place: str

    @abstractmethod
    def list(self, prefix: str) -> list[StoredObject]:
        """Objects below a prefix, in order of key."""

    @abstractmethod
    def chunks(self, key: str) -> Iterator[bytes]:
        """An object's bytes as a stream. Raises FileNotFoundError at the first of them where there is no object."""

    @abstractmethod
    def put(self, key: str, body: bytes, content_type: str = "application/json") -> None:
        """Writes a whole object."""

    @abstractmethod
    def put_lines(self, key: str, lines: Iterable[bytes]) -> int:
        """Writes lines as one object, which is there only when all are written, and gives their number."""

    @abstractmethod
    def copy(self, source: str, target: str) -> None:
        """Copies an object."""

    def chunks_of(self, file: StoredObject) -> Iterator[bytes]:
        """A listed object's bytes as a stream. Raises InvalidInput where the place knows that it changed since."""
        return self.chunks(file.key)

    def version_of(self, key: str) -> str:
        """The version id of an object as it is now; empty where no versions are kept."""
        return ""

    def uri(self, key: str) -> str:
        """The key as a URI, as Bedrock wants it."""
        return f"{self.place}/{key}"

    def get(self, key: str) -> bytes:
        """A whole object. Raises FileNotFoundError."""
        return b"".join(self.chunks(key))

    def get_or_none(self, key: str) -> bytes | None:
        """A whole object, None where there is none."""
        try:
            return self.get(key)
        except FileNotFoundError:
            return None

    def read(self, key: str, kind: type[K]) -> K:
        """An object as a record. Raises FileNotFoundError, msgspec.ValidationError."""
        return decode_json(self.get(key), kind)

    def read_or_none(self, key: str, kind: type[K]) -> K | None:
        """An object as a record, None where there is none. Raises msgspec.ValidationError."""
        body = self.get_or_none(key)
        return None if body is None else decode_json(body, kind)

    def lines(self, key: str) -> Iterator[bytes]:
        """An object's lines as a stream, without their ends. Raises FileNotFoundError."""
        for piece in self._pieces(key):
            yield from piece.split(b"\n")

    def _pieces(self, key: str) -> Iterator[bytes]:
        """The same, many lines in one piece."""
        rest = b""
        for chunk in self.chunks(key):
            whole, end, tail = chunk.rpartition(b"\n")
            if end:
                yield rest + whole
                rest = tail
            else:
                rest += tail
        if rest:
            yield rest

    def records(self, key: str, kind: type[T]) -> Iterator[T]:
        """An object's lines as records. Raises msgspec.ValidationError for another form (never in a sound run)."""
        return chain.from_iterable(map(msgspec.json.Decoder(kind).decode_lines, self._pieces(key)))

    def records_below(self, prefix: str, kind: type[T], *, named: str = "", suffix: str = ".jsonl") -> Iterator[T]:
        """The records of all objects below a prefix whose file name starts with `named`, in order of key."""
        for key in self._keys_below(prefix, named, suffix):
            yield from self.records(key, kind)

    def lines_below(self, prefix: str, *, named: str = "", suffix: str = ".jsonl") -> Iterator[bytes]:
        """The lines of the same objects."""
        for key in self._keys_below(prefix, named, suffix):
            yield from self.lines(key)

    def _keys_below(self, prefix: str, named: str, suffix: str) -> Iterator[str]:
        keys = (stored.key for stored in self.list(prefix))
        return (key for key in keys if key.endswith(suffix) and key.rsplit("/", 1)[1].startswith(named))

    def put_json(self, key: str, record: Any) -> None:
        """Writes a record as indented JSON, for people to read too."""
        self.put(key, msgspec.json.format(encode_json(record), indent=2) + b"\n")

    def put_records(self, key: str, records: Iterable[object]) -> int:
        """Writes records, one line of JSON each, and gives their number."""
        return self.put_lines(key, encode_lines(records))
