"""The run's files in S3. Streams both ways: no object is ever held whole unless the caller asks for it."""

import io
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from distillation.errors import InvalidInput
from gateways.aws_errors import code_of
from gateways.keyed_files import KeyedFiles, StoredObject

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

CHUNK_BYTES = 1 << 18
"""A piece of a stream: cut into lines while it is in a core's own cache."""
SPOOL_BYTES = 16 << 20
"""What a file under construction may hold in memory before it moves to the function's disk."""


class Store(KeyedFiles):
    """One bucket. Keys come from `distillation.layout`."""

    def __init__(self, client: "S3Client", bucket: str, writes: Callable[[], tuple[str, ...]] = lambda: ("",)) -> None:
        """`writes`: what a key must begin with to be written or deleted now, one of them."""
        self._client, self._bucket, self.place, self._writes = client, bucket, f"s3://{bucket}", writes

    def list(self, prefix: str) -> list[StoredObject]:
        """Objects below a prefix, in order of key."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        return [
            StoredObject(o["Key"], o["Size"], o["ETag"].strip('"'), o["LastModified"])
            for page in pages
            for o in page.get("Contents", ())
        ]

    def version_of(self, key: str) -> str:
        """The version id of an object as it is now; empty where the bucket keeps none."""
        return self._client.head_object(Bucket=self._bucket, Key=key).get("VersionId", "")

    def chunks(self, key: str) -> Iterator[bytes]:
        """An object's bytes as a stream. Raises FileNotFoundError at the first of them where there is no object."""
        try:
            body = self._client.get_object(Bucket=self._bucket, Key=key)["Body"]
        except ClientError as error:
            if code_of(error) in {"NoSuchKey", "404"}:
                raise FileNotFoundError(self.uri(key)) from error
            raise
        yield from body.iter_chunks(CHUNK_BYTES)

    def chunks_of(self, file: StoredObject) -> Iterator[bytes]:
        """The bytes of the object with the etag that was listed. Raises InvalidInput, at the first of them, where the
        object has been replaced or deleted since.
        """
        try:
            body = self._client.get_object(Bucket=self._bucket, Key=file.key, IfMatch=f'"{file.etag}"')["Body"]
        except ClientError as error:
            if code_of(error) in {"PreconditionFailed", "412", "NoSuchKey", "404"}:
                raise InvalidInput(
                    "a seed file changed while the run began to read it; start the run again",
                    [f"{file.key}: found another content or none, expected the one of etag {file.etag} as listed"],
                ) from error
            raise
        yield from body.iter_chunks(CHUNK_BYTES)

    def put(self, key: str, body: bytes, content_type: str = "application/json") -> None:
        """Writes a whole object."""
        self._client.put_object(Bucket=self._bucket, Key=self._own(key), Body=body, ContentType=content_type)

    def put_lines(self, key: str, lines: Iterable[bytes]) -> int:
        """Writes lines as one object and gives their number; large ones by the disk and S3's multipart upload."""
        count, key = 0, self._own(key)
        with tempfile.SpooledTemporaryFile(SPOOL_BYTES) as spool:
            for line in lines:
                spool.write(line)
                count += 1
            spool.seek(0)
            self._client.upload_fileobj(
                io.BufferedReader(spool), self._bucket, key, ExtraArgs={"ContentType": "application/jsonl"}
            )
        return count

    def upload(self, path: Path, key: str, sent: Callable[[int], None]) -> None:
        """Sends a file of this machine; `sent` hears of every part's bytes."""
        with path.open("rb") as file:
            self._client.upload_fileobj(file, self._bucket, self._own(key), Callback=sent)

    def delete(self, key: str) -> None:
        """Deletes an object; the bucket keeps its versions for a while."""
        self._client.delete_object(Bucket=self._bucket, Key=self._own(key))

    def copy(self, source: str, target: str) -> None:
        """Copies an object inside the bucket."""
        self._client.copy({"Bucket": self._bucket, "Key": source}, self._bucket, self._own(target))

    def _own(self, key: str) -> str:
        """The key. Raises PermissionError where it is not of what may be written."""
        if not key.startswith(self._writes()):
            raise PermissionError(f"refused to write {key}: expected a key below {' or '.join(self._writes())}")
        return key
