"""A teacher behind an OpenAI-compatible endpoint (Ollama, vLLM, llama.cpp, a hosted one), in the place of the embedded
one.
"""

import os
from typing import Any

import httpx

from local.bedrock.api.api_errors import ApiError
from local.bedrock.models.conversation import Reply, Request

_FINISH = {"stop": "end_turn", "length": "max_tokens", "content_filter": "content_filtered"}
_TIMEOUT_SECONDS = 300.0


class RemoteTeacher:
    """Sends each request to `<url>/v1/chat/completions`."""

    def __init__(self, url: str, model: str, key: str | None) -> None:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._model = model
        transport = httpx.HTTPTransport(retries=2)
        self._http = httpx.Client(
            base_url=url.rstrip("/").removesuffix("/v1"), headers=headers, timeout=_TIMEOUT_SECONDS, transport=transport
        )

    def answer(self, request: Request) -> Reply:
        """The endpoint's reply.

        Raises ApiError: ThrottlingException for 429, ModelErrorException for everything else that is not an answer.
        """
        try:
            response = self._http.post("/v1/chat/completions", json=self._body(request))
        except httpx.HTTPError as error:
            raise ApiError(
                "ModelErrorException", f"The teacher at NOVA_DISTILL_TEACHER_URL cannot be reached: {error}"
            ) from error
        if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
            raise ApiError("ThrottlingException", "The teacher at NOVA_DISTILL_TEACHER_URL says: too many requests.")
        if response.is_error:
            raise ApiError(
                "ModelErrorException",
                f"The teacher at NOVA_DISTILL_TEACHER_URL answered {response.status_code}: {response.text[:300]}",
            )
        return _reply(response.json())

    def _body(self, request: Request) -> dict[str, Any]:
        conversation, sampling = request.conversation, request.sampling
        system = [{"role": "system", "content": conversation.system}] if conversation.system else []
        limits = {"max_tokens": sampling.max_tokens} if sampling.max_tokens else {}
        stops = {"stop": list(sampling.stop)} if sampling.stop else {}
        return {
            "model": self._model,
            "messages": [*system, *({"role": turn.role, "content": turn.text} for turn in conversation.turns)],
            "temperature": 0.0 if sampling.greedy else sampling.temperature,
            "top_p": sampling.top_p,
            "seed": request.seed % 2**31,
            **limits,
            **stops,
        }


def from_environment() -> RemoteTeacher | None:
    """The teacher that NOVA_DISTILL_TEACHER_URL, _MODEL and _KEY describe; None where no URL is set."""
    url = os.environ.get("NOVA_DISTILL_TEACHER_URL")
    if not url:
        return None
    return RemoteTeacher(
        url, os.environ.get("NOVA_DISTILL_TEACHER_MODEL", "default"), os.environ.get("NOVA_DISTILL_TEACHER_KEY")
    )


def _reply(body: dict[str, Any]) -> Reply:
    try:
        choice, usage = body["choices"][0], body.get("usage") or {}
        text = str(choice["message"]["content"] or "").strip()
    except (KeyError, IndexError, TypeError) as error:
        raise ApiError(
            "ModelErrorException",
            f"The teacher at NOVA_DISTILL_TEACHER_URL answered without a message: {str(body)[:300]}",
        ) from error
    reason = _FINISH.get(str(choice.get("finish_reason")), "end_turn")
    return Reply(text, reason, int(usage.get("prompt_tokens", 0)), int(usage.get("completion_tokens", 0)))
