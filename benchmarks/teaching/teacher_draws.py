"""What the embedded teacher really says, for the benchmarks of teaching. Runs in the environment of the local Bedrock;
arguments: JSON in, JSON out.

In: {"system", "options", "sentences", "engineDraws", "replies"}. Out, one entry a sentence: `engine`, the exact
distribution over the options by the model's own log-probabilities; `engineDraws`, draws of the model's own sampler at
temperature 1; `teacher`, the calibrated distribution that the local Bedrock answers by; `greedy`, its greedy reply;
`replies`, its replies at temperature 1.
"""

import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from local.bedrock.models.conversation import GREEDY_TEMPERATURE, Conversation, Request, Sampling, Turn
from local.bedrock.models.engine import Engine
from local.bedrock.models.teacher import EmbeddedTeacher

_AT_ONCE = 8
_BIAS = 100.0


class WatchedEngine(Engine):
    """The engine, which remembers a thread's last question about options, and can draw from its own sampler what it
    gave as probabilities.
    """

    def __init__(self) -> None:
        super().__init__()
        self.thread = threading.local()

    def next_probabilities(self, prompt: list[int], candidates: list[int]) -> dict[int, float]:
        """As the engine's."""
        found = super().next_probabilities(prompt, candidates)
        self.thread.last = (prompt, found)
        return found

    def draws(self, count: int, seed: int) -> list[str]:
        """`count` draws of llama.cpp's sampler at temperature 1 among the last question's candidates."""
        prompt, candidates = self.thread.last
        settings = {
            "n_predict": 1,
            "n": _AT_ONCE,
            "temperature": 1.0,
            "top_k": 0,
            "top_p": 1.0,
            "min_p": 0,
            "logit_bias": [[t, _BIAS] for t in candidates],
        }
        drawn: list[str] = []
        while len(drawn) < count:
            answered = self._writing.handle_completions({"prompt": prompt, "seed": seed + len(drawn), **settings})
            drawn += [choice["text"] for choice in answered["choices"]]
        return drawn[:count]


def ask(asked: dict[str, Any]) -> list[dict[str, Any]]:
    """Every sentence; one that fits the teacher's short context takes one evaluation and what is drawn."""
    engine = WatchedEngine()
    teacher = EmbeddedTeacher(engine)
    token_of = {option: engine.tokens(option)[0] for option in asked["options"]}
    _distribution(teacher, asked["system"], "A first question, so that the teacher knows its bias.")
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(
            pool.map(lambda number: _entry(engine, teacher, token_of, asked, number), range(len(asked["sentences"])))
        )


def _entry(
    engine: WatchedEngine, teacher: EmbeddedTeacher, token_of: dict[str, int], asked: dict[str, Any], number: int
) -> dict[str, Any]:
    sentence = asked["sentences"][number]
    calibrated = _distribution(teacher, asked["system"], sentence)
    raw = engine.thread.last[1]
    return {
        "engine": {option: raw[token] for option, token in token_of.items()},
        "engineDraws": engine.draws(asked["engineDraws"], seed=1_000 * number),
        "teacher": calibrated,
        "greedy": _reply(teacher, asked["system"], sentence, GREEDY_TEMPERATURE, "g0"),
        "replies": [_reply(teacher, asked["system"], sentence, 1.0, f"{number}-s{i}") for i in range(asked["replies"])],
    }


def _distribution(teacher: EmbeddedTeacher, system: str, sentence: str) -> dict[str, float]:
    return dict(teacher.distribution(Conversation(system, (Turn("user", sentence),))))


def _reply(teacher: EmbeddedTeacher, system: str, sentence: str, temperature: float, salt: str) -> str:
    return teacher.answer(
        Request(Conversation(system, (Turn("user", sentence),)), Sampling(temperature, 1.0), salt)
    ).text


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(
        json.dumps(ask(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))), encoding="utf-8"
    )
