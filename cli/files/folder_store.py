"""A bucket's files in a folder, with the methods of `gateways.store.Store`: the functions run on it without AWS."""

import shutil
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from distillation.layout import RunLayout
from gateways.keyed_files import KeyedFiles, StoredObject
from gateways.store import CHUNK_BYTES


class FolderStore(KeyedFiles):
    """Keys are paths below `root`."""

    def __init__(self, root: Path) -> None:
        self._root, self.place = root, root.absolute().as_uri()

    def list(self, prefix: str) -> list[StoredObject]:
        """Files whose key begins with `prefix`, in order of key, without etag."""
        folder, _, _ = prefix.rpartition("/")
        keys = sorted(
            path.relative_to(self._root).as_posix() for path in (self._root / folder).rglob("*") if path.is_file()
        )
        return [_stored(key, self._root / key) for key in keys if key.startswith(prefix)]

    def chunks(self, key: str) -> Iterator[bytes]:
        """A file's bytes as a stream. Raises FileNotFoundError."""
        with self._read_path(key).open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk

    def put(self, key: str, body: bytes, content_type: str = "application/json") -> None:
        """Writes a whole file."""
        self._write_path(key).write_bytes(body)

    def put_lines(self, key: str, lines: Iterable[bytes]) -> int:
        """Writes lines as one file and gives their number. As in S3 the file is there only when it is whole."""
        path = self._write_path(key)
        part = path.with_name(f"{path.name}.part")
        with part.open("wb") as file:
            count = sum(file.write(line) > 0 for line in lines)
        part.replace(path)
        return count

    def copy(self, source: str, target: str) -> None:
        """Copies a file."""
        shutil.copyfile(self._read_path(source), self._write_path(target))

    def _read_path(self, key: str) -> Path:
        return self._root / key

    def _write_path(self, key: str) -> Path:
        path = self._root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


class RunCopy(FolderStore):
    """The run `run_id` made again: reads come from `target`, where writes go, else from its files below `source` that
    are `shown`. Keys of the run are paths below the two folders without the run's own prefix.
    """

    def __init__(self, run_id: str, source: Path, target: Path, shown: Callable[[str], bool]) -> None:
        super().__init__(target)
        self._prefix, self._source, self._shown = RunLayout(run_id).root, source, shown

    def list(self, prefix: str) -> list[StoredObject]:
        """Files whose key begins with `prefix`, in order of key, without etag."""
        found = {key for folder in (self._source, self._root) for key in self._keys(folder) if key.startswith(prefix)}
        return [_stored(key, self._read_path(key)) for key in sorted(found)]

    def _keys(self, folder: Path) -> Iterator[str]:
        names = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
        shown = (name for name in names if folder == self._root or self._shown(name))
        return (name if name.startswith("answers/") else self._prefix + name for name in shown)

    def _read_path(self, key: str) -> Path:
        name = key.removeprefix(self._prefix)
        written = self._root / name
        return written if written.is_file() or not self._shown(name) else self._source / name

    def _write_path(self, key: str) -> Path:
        return super()._write_path(key.removeprefix(self._prefix))


def _stored(key: str, path: Path) -> StoredObject:
    facts = path.stat()
    return StoredObject(key, facts.st_size, "", datetime.fromtimestamp(facts.st_mtime, UTC))
