"""The teacher of the flow tests: an endpoint behind NOVA_DISTILL_TEACHER_URL that is right about most reviews and errs
about the others, the same way each time.

The embedded model takes half a second of a core for one comparison, and ten minutes for all stories. What a run makes
of answers is shown as well by these; the demo and the tests of the local Bedrock have the embedded one.
"""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any

from local.bedrock.models.conversation import GREEDY_TEMPERATURE, Conversation, Turn
from local.bedrock.models.list_requests import list_request
from local.demo_seeds import demo_seeds

GOOD = ("wonderful", "superb", "a delight", "excellent", "charming", "brilliant", "lovely", "perfect")
BAD = ("dreadful", "boring", "a mess", "terrible", "broken", "awful", "a disappointment", "bland")
THINGS = ("film", "soup", "phone", "acting", "battery", "dessert", "plot", "screen", "waiter")
PREFERENCES = ("A", "B", "tie")
_QUOTED = re.compile(
    r"\[(?P<name>prompt|answer(?: [AB])?) (?P<code>\w+)\]\n(?P<text>.*?)\n\[end of \1 (?P=code)\]", re.DOTALL
)


def say(system: str, question: str, temperature: float, seed: int) -> str:
    """The reply: an option where the system text lists some, a list where one is asked for, else the first words of the
    question.
    """
    options, drawn = Conversation(system, (Turn("user", question),)).options, Random(f"{seed} {question}")
    if listed := list_request(question):
        return listed.reply([_review(drawn) for _ in range(listed.wanted)])
    if not options:
        return f"In short: {' '.join(question.split()[:12])}"
    quoted = {found["name"]: found["text"] for found in _QUOTED.finditer(question)}
    if options == PREFERENCES:
        first, second = (_is_right(quoted["prompt"], quoted[f"answer {place}"]) for place in "AB")
        return "tie" if first == second else "A" if first else "B"
    if "answer" in quoted:
        return options[-1 if _is_right(quoted["prompt"], quoted["answer"]) else 1]
    greedy = temperature <= GREEDY_TEMPERATURE
    return _label(question, options, 0.5 if greedy else drawn.random())


def _label(question: str, options: tuple[str, ...], chance: float) -> str:
    """The right label of nine questions in ten where `chance` is 0.5, and of all that call out."""
    right = _truth(question)
    if right not in options:
        return Random(question).choice(options)
    others = [option for option in options if option != right]
    is_hard = "!" not in question and Random(f"hard {question}").random() < 0.1
    return right if chance < (0.45 if is_hard else 0.95) else Random(question).choice(others)


def _is_right(prompt: str, answer: str) -> bool:
    return answer.strip() == _truth(prompt)


def _truth(question: str) -> str:
    known = _references().get(question)
    return known or ("negative" if any(word in question for word in BAD) else "positive")


@cache
def _references() -> dict[str, str]:
    return {seed.prompt: seed.reference for seed in demo_seeds()}


def _review(drawn: Random) -> str:
    return f"The {drawn.choice(THINGS)} was {drawn.choice(GOOD + BAD)}, says visitor {drawn.randrange(10_000)}."


class _Endpoint(BaseHTTPRequestHandler):
    """One path of OpenAI's API: chat completions."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else a reply's second packet waits for the client to confirm the first

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        texts = {message["role"]: message["content"] for message in body["messages"]}
        said = say(texts.get("system", ""), body["messages"][-1]["content"], body["temperature"], body["seed"])
        message = {"message": {"role": "assistant", "content": said}, "finish_reason": "stop"}
        usage = {"prompt_tokens": sum(map(len, texts.values())) // 4 + 1, "completion_tokens": len(said) // 4 + 1}
        answer = json.dumps({"choices": [message], "usage": usage}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Says nothing on the terminal."""


class _Server(ThreadingHTTPServer):
    request_queue_size = 256  # with the library's 5 the kernel refuses some of the calls of many runs at once


@contextmanager
def endpoint() -> Iterator[str]:
    """Its URL, while it is there."""
    server = _Server(("127.0.0.1", 0), _Endpoint)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
