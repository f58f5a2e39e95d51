"""Replies: every requested id ends as answer, rejection with a reason, or missing; whatever Bedrock writes."""

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distillation.inference.replies import BUSY, RequestLine, questions_of, read_replies, read_reply
from distillation.inference.requests import requests_of
from distillation.records import Answer, Prompt, RejectedAnswer, Request, Tokens, decode_lines, encode_lines
from distillation.run.config import Sampling

ID = "a1-b2-g0"


def reply(text: str = "positive", stop: str = "end_turn", record_id: str = ID) -> bytes:
    output = {
        "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
        "stopReason": stop,
        "usage": {"inputTokens": 7, "outputTokens": 2, "totalTokens": 9},
    }
    return json.dumps({"recordId": record_id, "modelInput": {}, "modelOutput": output}).encode()


def failed(code: int | str, record_id: str = ID) -> bytes:
    return json.dumps(
        {"recordId": record_id, "modelInput": {}, "error": {"errorCode": code, "errorMessage": "no"}}
    ).encode()


def test_a_whole_answer_keeps_text_tokens_prompt_and_sample() -> None:
    assert read_reply(reply(" positive\n")) == Answer(
        record_id=ID,
        prompt_id="a1",
        sample="g0",
        text=" positive\n",
        stop_reason="end_turn",
        input_tokens=7,
        output_tokens=2,
    )


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (reply(stop="max_tokens"), "truncated"),
        (reply(stop="model_context_window_exceeded"), "truncated"),
        (reply(stop="content_filtered"), "refused"),
        (reply(stop="guardrail_intervened"), "refused"),
        (reply(stop="malformed_model_output"), "malformed"),
        (reply(stop="tool_use"), "malformed"),
        (reply("  \n"), "empty"),
        (failed(400), "bedrock_error"),
        (failed(429), BUSY),
        (failed(500), BUSY),
        (failed("ThrottlingException"), BUSY),
        (failed("ServiceUnavailableException"), BUSY),
        (failed("ModelTimeoutException"), BUSY),
        (failed("ModelErrorException"), BUSY),
        (failed("throttlingException"), BUSY),
        (failed("internalServerException"), BUSY),
        (failed("ValidationException"), "bedrock_error"),
        (json.dumps({"recordId": ID, "modelOutput": {"stopReason": 3}}).encode(), "unreadable"),
    ],
)
def test_what_cannot_be_used_is_rejected_with_its_reason(line: bytes, reason: str) -> None:
    rejected = read_reply(line)
    assert isinstance(rejected, RejectedAnswer)
    assert (rejected.reason, rejected.record_id, rejected.prompt_id, rejected.sample) == (reason, ID, "a1", "g0")


def test_a_text_that_declines_is_an_answer_here_since_the_filters_judge_texts() -> None:
    assert isinstance(read_reply(reply("I'm sorry, but I can't assist with that request.")), Answer)


def test_a_reply_in_several_blocks_is_one_text() -> None:
    blocks = {"output": {"message": {"content": [{"text": "a"}, {}, {"text": "b"}]}}, "stopReason": "end_turn"}
    parsed = read_reply(json.dumps({"recordId": ID, "modelOutput": blocks}).encode())
    assert isinstance(parsed, Answer)
    assert (parsed.text, parsed.input_tokens, parsed.latency_ms) == ("ab", 0, None)


def test_of_two_rejections_the_first_stands() -> None:
    found = read_replies([ID], [failed(400), failed(500)])
    assert [r.reason for r in found.rejected] == ["bedrock_error"]


def test_a_line_that_names_no_record_is_passed_over_and_its_id_counts_as_missing() -> None:
    found = read_replies([ID], [b"{cut in half", b"[1]", b""])
    assert found.missing == [ID] == found.to_ask_again


def test_busy_records_are_asked_again_and_final_errors_are_not() -> None:
    found = read_replies(["p-x-g0", "p-x-s0", "p-x-s1"], [failed(503, "p-x-g0"), failed(400, "p-x-s0")])
    assert found.to_ask_again == ["p-x-s1", "p-x-g0"]


def test_tokens_are_summed_by_the_tier_that_replied() -> None:
    tier = json.loads(reply(record_id="c-x-g0"))
    tier["modelOutput"]["serviceTier"] = {"type": "default"}
    lines = [reply(record_id="a-x-g0"), reply(record_id="b-x-g0", stop="max_tokens"), json.dumps(tier).encode()]
    found = read_replies(["a-x-g0", "b-x-g0", "c-x-g0", "d-x-g0"], lines)
    assert found.tokens == [
        Tokens(input_tokens=14, output_tokens=4, answers=1),
        Tokens(input_tokens=7, output_tokens=2, answers=1, standard_tier=True),
    ]


def test_an_answer_stands_over_an_earlier_error_of_the_same_record() -> None:
    found = read_replies([ID], [failed(500), reply()])
    assert (len(found.answers), found.rejected, found.missing) == (1, [], [])


def test_a_reply_to_a_question_that_was_never_asked_is_set_aside_and_the_rest_is_read() -> None:
    found = read_replies([ID], [reply(record_id="stranger-x-g0"), reply()])
    assert [a.record_id for a in found.answers] == [ID]
    assert [s.record_id for s in found.strangers] == ["stranger-x-g0"]


def test_a_record_of_which_nothing_is_said_is_missing_and_asked_again() -> None:
    found = read_replies([ID], [json.dumps({"recordId": ID}).encode()])
    assert found.to_ask_again == [ID] and found.rejected == []


@pytest.mark.parametrize("absent", ["usage", "metrics"])
def test_an_answer_without_a_count_is_an_answer(absent: str) -> None:
    line = json.loads(reply())
    line["modelOutput"][absent] = None
    parsed = read_reply(json.dumps(line).encode())
    assert isinstance(parsed, Answer) and parsed.text == "positive"


def question(text: str, temperature: float = 1.0, system: str = "Be brief.") -> dict[str, Any]:
    return {
        "messages": [{"role": "user", "content": [{"text": text}]}],
        "inferenceConfig": {"maxTokens": 9, "temperature": temperature},
        "system": [{"text": system}],
    }


def asked(**questions: dict[str, Any]) -> dict[str, int]:
    requests = (Request(record_id=name.replace("_", "-"), model_input=one) for name, one in questions.items())
    return questions_of(decode_lines(encode_lines(requests), RequestLine))


def asking(record_id: str, repeated: object) -> bytes:
    """A reply that repeats its question, the keys in the other order and with more white space."""
    if isinstance(repeated, dict):
        repeated = dict(reversed(repeated.items()))
    return json.dumps(json.loads(reply(record_id=record_id)) | {"modelInput": repeated}, indent=1).encode()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (question("A"), question("B")),
        (question("A"), question("A", temperature=0.00001)),
        (question("A"), question("A", system="Be polite.")),
    ],
)
def test_swapped_ids_are_seen_by_the_question_that_bedrock_repeats(one: dict[str, Any], other: dict[str, Any]) -> None:
    questions = asked(a_x_g0=one, b_x_g0=other)
    swapped = read_replies(questions, [asking("a-x-g0", other), asking("b-x-g0", one)])
    assert (swapped.answers, swapped.to_ask_again, len(swapped.strangers)) == ([], ["a-x-g0", "b-x-g0"], 2)
    right = read_replies(questions, [asking("a-x-g0", one), asking("b-x-g0", other)])
    assert (len(right.answers), right.strangers) == (2, [])


@pytest.mark.parametrize("model", ["amazon.nova-pro-v1:0", "anthropic.claude-sonnet-4-5-20250929-v1:0"])
def test_what_the_project_asks_is_known_again_with_its_keys_in_another_order(model: str) -> None:
    prompt = Prompt(prompt_id="a", prompt="é", seed_id="1", system="Be brief.", earlier=("one", "two"))
    requests = requests_of(prompt, Sampling(greedy=1, sampled=1, top_p=0.5), model)
    greedy, sampled = (request.model_input for request in requests)
    ids = [request.record_id for request in requests]
    found = read_replies(
        questions_of(decode_lines(encode_lines(requests), RequestLine)), map(asking, ids, (sampled, greedy))
    )
    assert (found.answers, found.missing, len(found.strangers)) == ([], ids, 2)


@pytest.mark.parametrize("echo", [question("A, as Bedrock writes it"), "A", {"messages": "A"}, None])
def test_an_echo_in_bedrocks_own_words_is_no_swap_and_equal_questions_are_not_either(echo: object) -> None:
    questions = asked(a_x_s0=question("A"), a_x_s1=question("A"))
    found = read_replies(questions, [asking("a-x-s0", question("A")), asking("a-x-s1", echo)])
    assert (len(found.answers), found.strangers) == (2, [])


@given(
    kinds=st.lists(st.sampled_from(["answer", "busy", "final", "cut", "absent", "doubled"]), max_size=40),
    seed=st.integers(0, 99),
)
def test_ids_in_are_ids_out_in_whatever_order_bedrock_writes(kinds: list[str], seed: int) -> None:
    ids = [f"{n}-x-s0" for n in range(len(kinds))]
    lines: list[bytes] = []
    for record_id, kind in zip(ids, kinds, strict=True):
        made = {
            "answer": [reply(record_id=record_id)],
            "busy": [failed(500, record_id)],
            "final": [failed(400, record_id)],
            "cut": [b'{"recordId": "'],
            "absent": [],
        }
        lines += made.get(kind, [reply(record_id=record_id)] * 2)
    random.Random(seed).shuffle(lines)
    found = read_replies(ids, lines)
    out = [a.record_id for a in found.answers] + [r.record_id for r in found.rejected] + found.missing
    assert sorted(out) == sorted(ids)
    assert len(found.missing) == kinds.count("cut") + kinds.count("absent")
    assert len(found.rejected) == kinds.count("busy") + kinds.count("final")


@pytest.mark.parametrize(("tier", "standard"), [("default", True), ("flex", False), (None, False)])
def test_a_reply_at_the_full_price_says_so(tier: str | None, standard: bool) -> None:
    line = json.loads(reply())
    line["modelOutput"] |= {"serviceTier": {"type": tier}} if tier else {}
    read = read_reply(json.dumps(line).encode())
    assert isinstance(read, Answer)
    assert read.standard_tier is standard
