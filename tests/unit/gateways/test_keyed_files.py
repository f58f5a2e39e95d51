"""What follows from the five primitives is the same for every place that files lie in: bucket, folder, memory."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import msgspec
import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from cli.files.folder_store import FolderStore
from distillation.errors import InvalidInput
from distillation.records import Record
from gateways import store as bucket
from gateways.keyed_files import KeyedFiles, StoredObject
from tests.fakes import EPOCH, MemoryStore


class Note(Record, frozen=True):
    text: str


class Bucket:
    """S3 that knows one object; its client is botocore's own, answered by a stub."""

    def __init__(self) -> None:
        self.client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
        self.stub = Stubber(self.client)
        self.stub.activate()

    def holding(self, body: bytes | None) -> KeyedFiles:
        if body is None:
            self.stub.add_client_error("get_object", "NoSuchKey", http_status_code=404)
        else:
            answer = {"Body": StreamingBody(io.BytesIO(body), len(body))}
            self.stub.add_response("get_object", answer, {"Bucket": "b", "Key": "a/k"})
        return bucket.Store(self.client, "b")


def in_memory(body: bytes | None) -> KeyedFiles:
    files = MemoryStore()
    files.objects = {} if body is None else {"a/k": body}
    return files


@pytest.fixture(params=["bucket", "folder", "memory"])
def holding(request: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes | None], KeyedFiles]:
    """Makes a place that holds one object `a/k`, or nothing. Chunks are small, so that lines cross them."""
    monkeypatch.setattr(bucket, "CHUNK_BYTES", 5)
    monkeypatch.setattr("cli.files.folder_store.CHUNK_BYTES", 5)
    if request.param == "bucket":
        return Bucket().holding
    if request.param == "memory":
        return in_memory

    def in_folder(body: bytes | None) -> KeyedFiles:
        if body is not None:
            (tmp_path / "a").mkdir()
            (tmp_path / "a" / "k").write_bytes(body)
        return FolderStore(tmp_path)

    return in_folder


def test_a_record_is_read_whole(holding: Callable[[bytes | None], KeyedFiles]) -> None:
    assert holding(b'{"text": "what was said", "later": 1}').read("a/k", Note) == Note(text="what was said")


def test_lines_cross_chunks_and_lose_their_ends(holding: Callable[[bytes | None], KeyedFiles]) -> None:
    assert list(holding(b"one\n\ntwo is longer\r\nthree").lines("a/k")) == [b"one", b"", b"two is longer\r", b"three"]


def test_records_cross_chunks_and_blank_lines_are_none(holding: Callable[[bytes | None], KeyedFiles]) -> None:
    files = holding(b'\n{"text": "one"}\n \n\n{"text": "two is longer"}\r\n{"text": "3"}')
    assert [note.text for note in files.records("a/k", Note)] == ["one", "two is longer", "3"]


@pytest.mark.parametrize(
    ("ask", "given"),
    [("get_or_none", None), ("read_or_none", None), ("get", FileNotFoundError), ("lines", FileNotFoundError)],
)
def test_what_is_not_there(
    holding: Callable[[bytes | None], KeyedFiles], ask: str, given: type[Exception] | None
) -> None:
    kind = (Note,) if ask == "read_or_none" else ()
    files = holding(None)
    if given is None:
        assert getattr(files, ask)("a/k", *kind) is None
    else:
        with pytest.raises(given):
            list(getattr(files, ask)("a/k", *kind))


def test_a_record_of_another_kind_is_refused(holding: Callable[[bytes | None], KeyedFiles]) -> None:
    with pytest.raises(msgspec.ValidationError):
        holding(b'{"text": 3}').read_or_none("a/k", Note)


@given(st.lists(st.binary(max_size=200).map(lambda line: line.replace(b"\n", b"")), max_size=30))
def test_the_lines_that_were_put_are_the_lines_that_are_read(lines: list[bytes]) -> None:
    files = MemoryStore()
    assert files.put_lines("k", (line + b"\n" for line in lines)) == len(lines)
    assert list(files.lines("k")) == lines


@pytest.mark.parametrize("code", ["PreconditionFailed", "NoSuchKey"])
def test_a_seed_file_that_changed_after_it_was_listed_is_named(code: str) -> None:
    s3 = Bucket()
    asked = {"Bucket": "b", "Key": "seeds/reviews/a.jsonl", "IfMatch": '"e1"'}
    s3.stub.add_client_error("get_object", code, expected_params=asked)
    listed = StoredObject("seeds/reviews/a.jsonl", 3, "e1", EPOCH)
    with pytest.raises(InvalidInput, match=r"seeds/reviews/a\.jsonl: found another content or none"):
        list(bucket.Store(s3.client, "b").chunks_of(listed))
