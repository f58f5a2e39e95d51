"""Converse and InvokeModel: bodies, options, token counts, limits, long prompts, a teacher behind an OpenAI-compatible
endpoint.
"""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.local.bedrock.aws import Jobs, LocalAws, refused
from tests.local.bedrock.processes import running_bedrock
from tests.local.bedrock.samples import REVIEWS, SYSTEM, answered_line

PRO, MICRO = "amazon.nova-pro-v1:0", "amazon.nova-micro-v1:0"


def converse(aws: LocalAws, model: str, text: str, system: str = SYSTEM, **inference: Any) -> dict[str, Any]:
    """One Converse call, greedy unless told otherwise."""
    config = {"temperature": 0.0, **inference}
    messages = [{"role": "user", "content": [{"text": text}]}]
    return dict(
        aws.client("bedrock-runtime").converse(
            modelId=model, system=[{"text": system}], messages=messages, inferenceConfig=config
        )
    )


def said(answer: dict[str, Any]) -> str:
    """The text of an answer."""
    return str(answer["output"]["message"]["content"][0]["text"])


@pytest.mark.parametrize("model", [PRO, MICRO])
def test_an_answer_is_one_of_the_listed_options_with_real_token_counts(aws: LocalAws, model: str) -> None:
    short, long = converse(aws, model, "Great."), converse(aws, model, "Great. " * 20)
    assert said(short) in ("positive", "negative")
    assert short["stopReason"] == "end_turn"
    assert short["usage"]["outputTokens"] == 1
    assert short["usage"]["totalTokens"] == short["usage"]["inputTokens"] + 1
    assert long["usage"]["inputTokens"] > short["usage"]["inputTokens"] + 30


def test_labels_of_several_tokens_and_with_a_common_beginning_can_all_be_said(aws: LocalAws) -> None:
    labels = ["not sure", "not at all", "not", "sure", "surely"]
    system = f"Do you like it?\n\nAnswer with exactly one of: {' | '.join(labels)}"
    client = aws.client("bedrock-runtime")
    answers = set()
    for number in range(60):
        message = {"role": "user", "content": [{"text": f"Well, number {number % 3}"}]}
        config = {"temperature": 1.0, "topP": 1.0, "stopSequences": [f"never {number}"]}
        answers.add(
            said(client.converse(modelId=PRO, system=[{"text": system}], messages=[message], inferenceConfig=config))
        )
    assert answers <= set(labels)
    assert len(answers) >= 4


def test_examples_in_the_prompt_pull_the_base_model(aws: LocalAws) -> None:
    question = "The parcel came on Tuesday afternoon."

    def answer(first: str, second: str) -> str:
        shots = [
            ("The parcel came on a Tuesday afternoon.", first),
            ("Quite another thing, about the colour of tea.", second),
        ]
        turns = [
            {"role": role, "content": [{"text": text}]}
            for asked, said in shots
            for role, text in (("user", asked), ("assistant", said))
        ]
        messages = [*turns, {"role": "user", "content": [{"text": question}]}]
        reply = aws.client("bedrock-runtime").converse(
            modelId=MICRO, system=[{"text": SYSTEM}], messages=messages, inferenceConfig={"temperature": 0.0}
        )
        return said(reply)

    assert (answer("positive", "negative"), answer("negative", "positive")) == ("positive", "negative")


def test_max_tokens_cuts_a_label_and_stop_sequences_end_it(aws: LocalAws) -> None:
    system = "Answer with exactly one of: certainly not today | certainly not today either"
    cut = converse(aws, PRO, "Now?", system, maxTokens=2)
    assert (cut["stopReason"], cut["usage"]["outputTokens"]) == ("max_tokens", 2)
    assert "certainly not today".startswith(said(cut))
    ended = converse(aws, PRO, "Now?", system, stopSequences=[" today"])
    assert (ended["stopReason"], said(ended)) == ("stop_sequence", "certainly not")


def test_without_options_the_teacher_chats_and_the_base_student_quotes(aws: LocalAws) -> None:
    chat = converse(aws, PRO, "What is the capital of France?", "You are a helpful assistant.", maxTokens=30)
    assert "Paris" in said(chat)
    assert (
        converse(aws, PRO, "What is the capital of France?", "You are a helpful assistant.", maxTokens=3)["stopReason"]
        == "max_tokens"
    )
    text = "The cat sat on the mat. It was a cold day. The cat was warm on its mat."
    assert said(converse(aws, MICRO, text, "Summarise.")) in text


def test_invoke_model_speaks_novas_own_form(aws: LocalAws) -> None:
    body = {
        "schemaVersion": "messages-v1",
        "system": [{"text": SYSTEM}],
        "messages": [{"role": "user", "content": [{"text": REVIEWS[0][0]}]}],
        "inferenceConfig": {"maxTokens": 5, "temperature": 0.00001, "topK": 20},
    }
    answer = aws.client("bedrock-runtime").invoke_model(modelId=PRO, body=json.dumps(body), serviceTier="flex")
    document = json.loads(answer["body"].read())
    assert said(document) == "positive"
    assert (answer["contentType"], answer["serviceTier"]) == ("application/json", "flex")
    for broken in (
        b"{oops",
        json.dumps(body | {"max_tokens": 5}).encode(),
        json.dumps(body | {"schemaVersion": "x"}).encode(),
    ):
        assert refused(aws.client("bedrock-runtime").invoke_model, modelId=PRO, body=broken)[0] == "ValidationException"


def test_the_flex_tier_is_accepted_and_named_in_the_answer(aws: LocalAws) -> None:
    messages = [{"role": "user", "content": [{"text": "Great."}]}]
    answer = aws.client("bedrock-runtime").converse(
        modelId=PRO, system=[{"text": SYSTEM}], messages=messages, serviceTier={"type": "flex"}
    )
    assert answer["serviceTier"] == {"type": "flex"}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"messages": []}, "at least one message"),
        ({"messages": [{"role": "assistant", "content": [{"text": "Hi"}]}]}, "start with a user message"),
        ({"messages": [{"role": "user", "content": [{"text": "Hi"}]}] * 2}, "alternate"),
        ({"messages": [{"role": "user", "content": [{"text": " "}]}]}, "blank"),
        ({"inferenceConfig": {"maxTokens": 5001}}, "exceeds the model limit of 5000"),
        ({"inferenceConfig": {"topP": 1.5}}, "less than or equal to 1"),
        ({"toolConfig": {"tools": [{"toolSpec": {"name": "t", "inputSchema": {"json": {}}}}]}}, "toolConfig"),
    ],
)
def test_a_conversation_that_nova_refuses_is_refused(aws: LocalAws, change: dict[str, Any], why: str) -> None:
    request = {"modelId": PRO, "messages": [{"role": "user", "content": [{"text": "Hi"}]}], **change}
    code, message = refused(aws.client("bedrock-runtime").converse, **request)
    assert (code, why in message) == ("ValidationException", True), message


def test_a_long_prompt_works_and_one_beyond_the_context_window_says_so(aws: LocalAws) -> None:
    sentence = "The staff were kind and the room was clean. "
    answer = converse(aws, PRO, sentence * 60)
    assert answer["usage"]["inputTokens"] > 512
    assert said(answer) == "positive"
    messages = [{"role": "user", "content": [{"text": sentence * 1_000}]}]
    code, message = refused(aws.client("bedrock-runtime").converse, modelId=PRO, messages=messages)
    assert (code, "Input is too long" in message) == ("ValidationException", True)


class _Endpoint(BaseHTTPRequestHandler):
    """An OpenAI-compatible endpoint that says what it was asked."""

    asked: list[dict[str, Any]] = []  # noqa: RUF012 - shared by the handler's instances on purpose

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append({"path": self.path, "key": self.headers["Authorization"], **body})
        status = (
            429
            if "too many" in body["messages"][-1]["content"]
            else 500
            if "broken" in body["messages"][-1]["content"]
            else 200
        )
        choice = {
            "message": {"role": "assistant", "content": f"echo {body['messages'][-1]['content']}"},
            "finish_reason": "stop",
        }
        answer = json.dumps({"choices": [choice], "usage": {"prompt_tokens": 7, "completion_tokens": 3}}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def remote(local_aws: LocalAws, home: Path) -> Iterator[LocalAws]:
    """A local Bedrock whose teacher is the endpoint above."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Endpoint)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    teacher = {
        "NOVA_DISTILL_TEACHER_URL": f"http://127.0.0.1:{server.server_port}/v1",
        "NOVA_DISTILL_TEACHER_MODEL": "big",
        "NOVA_DISTILL_TEACHER_KEY": "secret",
    }
    with running_bedrock(local_aws.emulator_url, home, teacher) as url:
        yield LocalAws(url, local_aws.emulator_url)
    server.shutdown()


def test_the_teacher_url_puts_any_openai_compatible_endpoint_behind_nova_pro(remote: LocalAws) -> None:
    answer = converse(remote, PRO, "hello", "Be brief.", maxTokens=9, topP=0.5)
    assert said(answer) == "echo hello"
    assert answer["usage"] == {"inputTokens": 7, "outputTokens": 3, "totalTokens": 10}
    asked = _Endpoint.asked[-1]
    assert (asked["path"], asked["key"], asked["model"], asked["max_tokens"], asked["top_p"]) == (
        "/v1/chat/completions",
        "Bearer secret",
        "big",
        9,
        0.5,
    )
    assert asked["messages"] == [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hello"}]
    assert said(converse(remote, MICRO, "Great.")) in ("positive", "negative")


def test_errors_of_the_endpoint_become_bedrocks(remote: LocalAws) -> None:
    for text, code in (("too many", "ThrottlingException"), ("broken", "ModelErrorException")):
        question = {"modelId": PRO, "messages": [{"role": "user", "content": [{"text": text}]}]}
        assert refused(remote.client("bedrock-runtime").converse, **question)[0] == code


def test_a_batch_is_answered_by_the_endpoint_too(remote: LocalAws) -> None:
    jobs = Jobs(remote)
    lines = [
        {
            "recordId": f"{number:03d}",
            "modelInput": {"messages": [{"role": "user", "content": [{"text": f"number {number}"}]}]},
        }
        for number in range(100)
    ]
    job = jobs.batch("remote-batch", lines)
    assert {line["recordId"]: said(line["modelOutput"]) for line in jobs.output(job)} == {
        f"{number:03d}": f"echo number {number}" for number in range(100)
    }


def test_a_judge_behind_the_url_is_understood_where_it_names_one_rating(remote: LocalAws) -> None:
    jobs = Jobs(remote)
    ratings = [{"definition": name, "value": {"floatValue": value}} for name, value in (("bad", 0.0), ("good", 1.0))]
    definition = {"name": "mood", "instructions": "Rate it.\n{{prompt}} {{prediction}}", "ratingScale": ratings}
    lines = [answered_line("Well?", answer) for answer in ("Rather GOOD.", "good and bad", "so so")]
    request = jobs.evaluation_request("remote-judge", lines, ["mood"])
    automated = request["evaluationConfig"]["automated"]
    automated["customMetricConfig"] = {
        "customMetrics": [{"customMetricDefinition": definition}],
        "evaluatorModelConfig": automated["evaluatorModelConfig"],
    }
    job = jobs.wait_evaluation(jobs.bedrock.create_evaluation_job(**request)["jobArn"])
    judged = {
        line["modelResponses"][0]["response"]: line["automatedEvaluationResult"]["scores"][0]["result"]
        for line in jobs.judged(job)
    }
    assert judged == {"Rather GOOD.": 1.0, "good and bad": None, "so so": None}


def test_claude_refuses_temperature_and_top_p_together(aws: LocalAws) -> None:
    claude = "us.anthropic.claude-haiku-4-5-20251001-v1:0"
    assert said(converse(aws, claude, "Great.")) == "positive"
    code, message = refused(converse, aws=aws, model=claude, text="Great.", topP=1.0)
    assert (code, "`temperature` and `top_p` cannot both be specified" in message) == ("ValidationException", True)


def test_nova_refuses_an_empty_nucleus(aws: LocalAws) -> None:
    code, message = refused(converse, aws=aws, model=PRO, text="Great.", topP=0.0)
    assert (code, "topP value must be greater than 0" in message) == ("ValidationException", True)


def test_a_model_without_the_flex_tier_refuses_it(aws: LocalAws) -> None:
    message = {"role": "user", "content": [{"text": "Great."}]}
    code, told = refused(
        aws.client("bedrock-runtime").converse, modelId=MICRO, messages=[message], serviceTier={"type": "flex"}
    )
    assert (code, "service tier flex is not supported" in told) == ("ValidationException", True)
