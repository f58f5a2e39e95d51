"""The embedded teacher's engine: llama.cpp in this process (xllamacpp), with SmolLM2's chat layout.

Tokens in, probabilities or text out.
"""

import os
import queue
import secrets
import threading
from functools import lru_cache
from typing import Any, NamedTuple

import httpx

from local.bedrock.api.api_errors import ApiError, invalid
from local.bedrock.models.weights import TEACHER, locate

CONTEXT = 8192
_SLOTS, _SLOT_CONTEXT = 8, 512
_BIAS = 100.0


class Generated(NamedTuple):
    """Text that the model wrote, and whether it ended by itself."""

    text: str
    complete: bool


class Engine:
    """SmolLM2-135M. A question among options goes to a context of one thread, one for each of `threads`: two threads on
    one short prompt spend a fifth of their time waiting for each other. Text is written in eight slots of one context,
    since tokens of several texts cost little more than those of one. Prompts of over 512 tokens go to a context of
    8,192, made when the first one comes.

    Slots' caches are separate (not unified): then a prompt's result does not depend on what else is in flight, bit for
    bit.
    """

    def __init__(self, threads: int = 2) -> None:
        self._threads = threads
        self._path = str(locate(TEACHER))
        self._key = secrets.token_hex(16)
        self._writing = self._load(_SLOTS, _SLOTS * _SLOT_CONTEXT, threads)
        # Last in, first out: where one request comes at a time, it meets the cache of the one before.
        self._idle: queue.LifoQueue[Any] = queue.LifoQueue()
        for _ in range(threads):
            self._idle.put(self._load(1, _SLOT_CONTEXT, threads=1))
        self._long: Any = None
        self._long_lock = threading.Lock()
        self._http = httpx.Client(
            base_url=self._writing.listening_address, headers={"Authorization": f"Bearer {self._key}"}, trust_env=False
        )
        self.tokens = lru_cache(maxsize=20_000)(self._tokenize)

    def _load(self, slots: int, context: int, threads: int) -> Any:
        # One busy neighbour makes llama.cpp five times slower while its threads spin; must be set before the library is
        # loaded.
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")
        os.environ.setdefault("GOMP_SPINCOUNT", "0")
        import xllamacpp  # noqa: PLC0415 - see above

        parameters = xllamacpp.CommonParams()
        parameters.model.path = self._path
        parameters.n_parallel, parameters.n_ctx, parameters.kv_unified, parameters.cache_ram_mib = (
            slots,
            context,
            False,
            0,
        )
        parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = threads
        parameters.api_keys, parameters.verbosity = [self._key], 0
        return xllamacpp.Server(parameters)

    def _tokenize(self, text: str) -> tuple[int, ...]:
        """Token ids of plain text: special tokens written out in it stay text."""
        response = self._http.post(
            "/tokenize", json={"content": text, "add_special": False, "parse_special": False}, timeout=60
        )
        return tuple(response.raise_for_status().json()["tokens"])

    def marker(self, text: str) -> tuple[int, ...]:
        """Token ids of a special token."""
        response = self._http.post(
            "/tokenize", json={"content": text, "add_special": False, "parse_special": True}, timeout=60
        )
        return tuple(response.raise_for_status().json()["tokens"])

    def count(self, text: str) -> int:
        """The number of tokens of `text`."""
        return len(self.tokens(text))

    def head(self, text: str, tokens: int) -> str:
        """The first `tokens` tokens of `text`, as text."""
        response = self._http.post("/detokenize", json={"tokens": self.tokens(text)[:tokens]}, timeout=60)
        return str(response.raise_for_status().json()["content"])

    def next_probabilities(self, prompt: list[int], candidates: list[int]) -> dict[int, float]:
        """The probability of each candidate as the next token, relative to the candidates only."""
        choice = self._complete(
            prompt,
            {
                "n_predict": 1,
                "n_probs": len(candidates),
                "post_sampling_probs": True,
                "logit_bias": [[token, _BIAS] for token in candidates],
                **_sampling(1.0, 1.0),
            },
        )
        found = {entry["id"]: float(entry["prob"]) for entry in choice["logprobs"]["content"][0]["top_probs"]}
        kept = {token: max(found.get(token, 0.0), 1e-9) for token in candidates}
        return {token: probability / sum(kept.values()) for token, probability in kept.items()}

    def generate(self, prompt: list[int], max_tokens: int, temperature: float, top_p: float, seed: int) -> Generated:
        """Free text of at most `max_tokens` tokens."""
        choice = self._complete(
            prompt, {"n_predict": max_tokens, "seed": seed % 2**31, **_sampling(temperature, top_p)}
        )
        return Generated(choice["text"], choice["finish_reason"] == "stop")

    def lines(  # noqa: PLR0917 - as generate
        self, prompt: list[int], count: int, max_tokens: int, temperature: float, top_p: float, seed: int
    ) -> list[str]:
        """`count` continuations of `prompt`, each to the end of its line; those that do not end within `max_tokens` are
        empty. One evaluation of the prompt.
        """
        settings = {"n_predict": max_tokens, "stop": ["\n"], **_sampling(temperature, top_p)}
        if len(prompt) + max_tokens > _SLOT_CONTEXT:
            choices = [self._complete(prompt, {**settings, "seed": (seed + number) % 2**31}) for number in range(count)]
        else:
            parts = [min(_SLOTS, count - start) for start in range(0, count, _SLOTS)]
            asked = (
                {"prompt": prompt, "n": part, "seed": (seed + place) % 2**31, **settings}
                for place, part in enumerate(parts)
            )
            choices = [choice for body in asked for choice in _choices(self._writing.handle_completions(body))]
        return [str(choice["text"]).strip() if choice["finish_reason"] == "stop" else "" for choice in choices]

    def ask(self, body: dict[str, Any]) -> dict[str, Any]:
        """llama.cpp's reply to a request for one token, from the next context of one thread that is idle."""
        server = self._idle.get()
        try:
            found: dict[str, Any] = server.handle_completions(body)
            return found
        finally:
            self._idle.put(server)

    def _complete(self, prompt: list[int], settings: dict[str, Any]) -> dict[str, Any]:
        needed = len(prompt) + settings["n_predict"]
        if needed > CONTEXT:
            raise invalid(
                f"Input is too long for requested model. The local teacher's context window is {CONTEXT} tokens, "
                f"this request needs {needed}."
            )
        if needed <= _SLOT_CONTEXT:
            body = {"prompt": prompt, **settings}
            return _choice(self.ask(body) if settings["n_predict"] == 1 else self._writing.handle_completions(body))
        # One context, one request at a time: a second would need another 190 MB.
        with self._long_lock:
            self._long = self._long or self._load(1, CONTEXT, self._threads)
            return _choice(self._long.handle_completions({"prompt": prompt, **settings}))


def _sampling(temperature: float, top_p: float) -> dict[str, Any]:
    return {"temperature": temperature, "top_k": 0, "top_p": top_p, "min_p": 0}


def _choice(response: dict[str, Any]) -> dict[str, Any]:
    return _choices(response)[0]


def _choices(response: dict[str, Any]) -> list[dict[str, Any]]:
    # The engine answers with an error object where others would raise.
    if "choices" not in response:
        raise ApiError("ModelErrorException", f"The embedded teacher failed: {response.get('error', response)}")
    choices: list[dict[str, Any]] = response["choices"]
    return choices
