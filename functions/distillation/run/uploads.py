"""Uploaded files -> whether they start a run now, and the name of the execution that they start."""

import hashlib
import json
import re
from collections.abc import Iterable
from datetime import datetime

Upload = tuple[str, str, datetime]
"""Key, etag and time of an uploaded file."""


def dataset_of_key(key: str) -> str:
    """The dataset of a key `seeds/<dataset>/<file>`, also a name that the run will refuse with a message."""
    return key.split("/")[1]


def is_newest(key: str, etag: str, files: Iterable[Upload]) -> bool:
    """Whether the upload (key, etag) is still there as it was, and no file of its dataset is newer."""
    known = {name: (tag, modified) for name, tag, modified in files}
    tag, modified = known.get(key, ("", None))
    return modified is not None and tag == etag.strip('"') and all(modified >= other for _, other in known.values())


def execution_name(dataset: str, files: Iterable[Upload]) -> str:
    """At most 36 characters from the dataset and each file's key, etag and time: one upload, one name."""
    described = json.dumps([dataset, sorted((key, etag, modified.isoformat()) for key, etag, modified in files)])
    readable = re.sub(r"[^a-z0-9]+", "-", dataset.lower()).strip("-")[:25].rstrip("-") or "dataset"
    return f"{readable}-{hashlib.sha256(described.encode()).hexdigest()[:10]}"
