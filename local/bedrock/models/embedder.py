"""The student's trunk: MiniLM-L6 int8 (ONNX), texts to unit vectors of 384 numbers.

It reads the first 256 tokens of a text.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import onnxruntime
import tokenizers

from local.bedrock.models.weights import STUDENT, STUDENT_TOKENIZER, locate

Vectors = npt.NDArray[np.float32]
DIMENSIONS = 384
_LONGEST, _BATCH = 256, 32


class Embedder:
    """Mean-pooled, normalised sentence vectors. Safe to use from several threads."""

    def __init__(self, threads: int = 2) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        # Spinning threads would burn a core while the server is idle.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(str(locate(STUDENT)), options, providers=["CPUExecutionProvider"])
        file = str(locate(STUDENT_TOKENIZER))
        self._counter, self._tokenizer = tokenizers.Tokenizer.from_file(file), tokenizers.Tokenizer.from_file(file)
        self._counter.no_truncation()
        self._counter.no_padding()
        self._tokenizer.enable_truncation(_LONGEST)
        self._tokenizer.enable_padding()

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """One row a text.

        Each text is computed in a batch of equal length or alone, so that its vector never depends on its neighbours.
        """
        encoded = [self._tokenizer.encode(text) for text in texts]
        rows = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        by_length: dict[int, list[int]] = {}
        for index, item in enumerate(encoded):
            by_length.setdefault(len(item.ids), []).append(index)
        for indices in by_length.values():
            for start in range(0, len(indices), _BATCH):
                chunk = indices[start : start + _BATCH]
                rows[chunk] = self._pooled(np.array([encoded[index].ids for index in chunk], dtype=np.int64))
        return rows

    def _pooled(self, ids: npt.NDArray[np.int64]) -> Vectors:
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        pooled = np.asarray(self._session.run(["last_hidden_state"], feed)[0], dtype=np.float32).mean(axis=1)
        return np.asarray(pooled / np.linalg.norm(pooled, axis=1, keepdims=True), dtype=np.float32)

    def count(self, text: str) -> int:
        """The number of tokens of the whole text, without the two that BERT adds."""
        return len(self._counter.encode(text, add_special_tokens=False).ids)

    def head(self, text: str, tokens: int) -> str:
        """The first `tokens` tokens of `text`, as text."""
        offsets = self._counter.encode(text, add_special_tokens=False).offsets
        return text[: offsets[tokens - 1][1]]
