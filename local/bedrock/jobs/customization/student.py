"""The student, in the place of Nova Micro: the base model (no training) and a trained one, over the same trunk."""

import json
import re
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np

from local.bedrock.jobs.customization.training import TrainedStudent, retrieve
from local.bedrock.models import response_head
from local.bedrock.models.conversation import Reply, Request, Turn
from local.bedrock.models.drawing import draw, finish
from local.bedrock.models.embedder import DIMENSIONS, Embedder, Vectors

# One of eleven sentences that were tried. It says nothing of the task and scores what others of its kind score.
_OPTION_SENTENCE = "This is {}."
# Cosine similarities are flat; this makes a distribution of them.
_BASE_SHARPNESS = 10.0
# How far examples in the prompt pull an option towards themselves. Of 0.1 to 1, tried on the demo's holdout, 0.3 gains
# most (accuracy .727 to .747).
_EXAMPLE_WEIGHT = 0.3
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")


class BaseStudent:
    """Untrained: the option whose sentence is nearest to the question; without options, the sentence of the question
    that says most of it (extractive).

    Earlier turns of the conversation whose answer is an option count as examples of it: they pull its sentence towards
    their questions.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        # The examples before one question stand before all others of a run too.
        self._mean = lru_cache(maxsize=1_000)(self._mean_of)

    def answer(self, request: Request) -> Reply:
        """The reply; the same for the same request."""
        question, options = request.conversation.question, list(request.conversation.options)
        text = (
            draw(self._distribution(question, options, request.conversation.turns), request)
            if options
            else self._central_sentence(question)
        )
        return finish(text, request.sampling, self._embedder, input_tokens(self._embedder, request))

    def _distribution(self, question: str, options: list[str], turns: tuple[Turn, ...]) -> dict[str, float]:
        vectors = self._embedder.vectors([question, *(_OPTION_SENTENCE.format(option) for option in options)])
        pulled = np.stack(
            [
                self._pulled(vector, _examples(turns, option))
                for option, vector in zip(options, vectors[1:], strict=True)
            ]
        )
        scores = np.exp(_BASE_SHARPNESS * (pulled @ vectors[0]).astype(np.float64))
        return dict(zip(options, (scores / scores.sum()).tolist(), strict=True))

    def _pulled(self, option: Vectors, examples: tuple[str, ...]) -> Vectors:
        if not examples:
            return option
        return np.asarray((1 - _EXAMPLE_WEIGHT) * option + _EXAMPLE_WEIGHT * self._mean(examples), dtype=np.float32)

    def _mean_of(self, examples: tuple[str, ...]) -> Vectors:
        return np.asarray(self._embedder.vectors(examples).mean(axis=0))

    def _central_sentence(self, question: str) -> str:
        sentences = [part.strip() for part in _SENTENCE_END.split(question) if part.strip()]
        vectors = self._embedder.vectors([question, *sentences])
        return sentences[int((vectors[1:] @ vectors[0]).argmax())]


def _examples(turns: tuple[Turn, ...], option: str) -> tuple[str, ...]:
    """The questions of earlier turns that were answered with `option`."""
    return tuple(
        asked.text
        for asked, answered in pairwise(turns)
        if answered.role == "assistant" and answered.text.strip() == option
    )


class CustomStudent:
    """Trained: chooses among the responses of its training file (those that the system text lists, where it lists any),
    or retrieves the nearest prompt's.
    """

    def __init__(self, embedder: Embedder, trained: TrainedStudent) -> None:
        self._embedder, self._trained = embedder, trained

    def answer(self, request: Request) -> Reply:
        """The reply; the same for the same request."""
        vector = self._embedder.vectors([request.conversation.question])
        text = self._choose(vector, request) if self._trained.memory is None else retrieve(self._trained, vector[0])
        return finish(text, request.sampling, self._embedder, input_tokens(self._embedder, request))

    def _choose(self, vector: Vectors, request: Request) -> str:
        known = dict(
            zip(self._trained.head.responses, self._trained.head.probabilities(vector)[0].tolist(), strict=True)
        )
        listed = {option: known[option] for option in request.conversation.options if option in known}
        return draw(listed or known, request)


def input_tokens(embedder: Embedder, request: Request) -> int:
    """Tokens of all that the request holds, by the student's tokenizer."""
    return embedder.count(request.conversation.system) + sum(
        embedder.count(turn.text) for turn in request.conversation.turns
    )


def save(trained: TrainedStudent, folder: Path) -> None:
    """Write the artefact: numbers as .npz, texts as JSON, nothing that runs when it is read."""
    folder.mkdir(parents=True, exist_ok=True)
    # An empty memory means none: .npz holds arrays only.
    memory = np.zeros((0, DIMENSIONS)) if trained.memory is None else trained.memory
    np.savez(folder / "head.npz", weights=trained.head.weights, intercepts=trained.head.intercepts, memory=memory)
    texts = {"responses": trained.head.responses, "memoryResponses": trained.memory_responses}
    (folder / "responses.json").write_text(json.dumps(texts, ensure_ascii=False), encoding="utf-8")


def load(folder: Path) -> TrainedStudent:
    """Read what `save` wrote."""
    texts = json.loads((folder / "responses.json").read_text(encoding="utf-8"))
    with np.load(folder / "head.npz", allow_pickle=False) as numbers:
        head = response_head.ResponseHead(tuple(texts["responses"]), numbers["weights"], numbers["intercepts"])
        memory = np.asarray(numbers["memory"], dtype=np.float32)
    remembered = texts["memoryResponses"]
    return TrainedStudent(head, memory if len(memory) else None, tuple(remembered) if remembered is not None else None)
