import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distillation.errors import InvalidInput
from distillation.run.config import RUN_ID_PATTERN, RunConfig, trouble_of_labels
from distillation.run.input import dataset_of, default_run_id, published_schema, resolve_config

ROOT = Path(__file__).parents[3]


def problems_of(execution_input: object, dataset_input: bytes | None = None) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        resolve_config(execution_input, execution_name="run-1", dataset_input=dataset_input)
    return caught.value.problems


def problem_of(**execution_input: Any) -> str:
    (problem,) = problems_of({"dataset": "reviews"} | execution_input)
    return problem


def test_defaults() -> None:
    config = resolve_config({"dataset": "reviews"}, execution_name="Demo-1")
    assert config.to_json() == {
        "dataset": "reviews",
        "runId": "demo-1",
        "promptTemplate": None,
        "maxRejectedSeedShare": 0.05,
        "maxUsd": None,
        "approveAboveUsd": None,
        "deadlineHours": None,
        "pilot": {"prompts": 10, "minScore": None},
        "task": {"kind": "auto", "labels": None, "answerPattern": None, "outputSchema": None},
        "expansion": {
            "targetPrompts": 0,
            "methods": ["topics", "personas", "evolution", "selfInstruct"],
            "promptsPerRequest": 5,
            "maxRounds": 5,
            "minYield": 0.05,
            "temperature": 1.0,
            "maxTokens": 1024,
            "categories": None,
            "onTopic": 0.05,
        },
        "examples": {"policy": "consensus", "minAgreement": 0.0, "rationale": True, "trustReference": False},
        "filters": {
            "minCharacters": 1,
            "maxCharacters": None,
            "repetition": True,
            "refusals": True,
            "boilerplate": True,
            "language": None,
            "personalData": "off",
            "judge": None,
        },
        "duplicates": {"nearThreshold": 0.8, "semanticThreshold": None},
        "decontamination": {"ngram": 13, "files": []},
        "selection": {"maxExamples": 20000},
        "licence": "unknown",
        "sampling": {"greedy": 1, "sampled": 4, "temperature": 1.0, "topP": 1.0, "maxTokens": 512},
        "batches": {"maxShardRecords": 10000, "maxConcurrent": 10, "retryWaves": 2, "timeoutHours": 24},
        "split": {"holdoutShare": 0.2, "validationShare": 0.1},
        "training": {
            "method": "FINE_TUNING",
            "epochCount": 2,
            "learningRate": 0.00001,
            "learningRateWarmupSteps": 10,
            "repeats": 1,
            "candidates": [],
        },
        "evaluation": {"samples": 0, "numericTolerance": {"relative": 0.0, "absolute": 0.0}, "judge": None},
        "gate": {
            "margin": 0.05,
            "margins": {},
            "sliceMargin": None,
            "minSliceItems": 200,
            "overBase": True,
            "overRivals": True,
            "championMargin": 0.02,
            "minimum": {},
            "monthlyAnswers": None,
        },
        "arms": {"fewShot": 0, "direct": False},
        "serving": {"approvalHours": 72, "canaryItems": 20, "canaryAgreement": 0.9, "keepRejectedModel": True},
        "promotion": "auto",
        "keepModelOnFailure": None,
    }


def test_empty_objects_take_defaults() -> None:
    empty = {
        name: {}
        for name in (
            "task",
            "sampling",
            "batches",
            "split",
            "training",
            "gate",
            "expansion",
            "examples",
            "filters",
            "duplicates",
            "decontamination",
            "selection",
        )
    }
    assert resolve_config({"dataset": "d"} | empty, execution_name="x") == resolve_config(
        {"dataset": "d"}, execution_name="x"
    )


def test_the_resolved_form_is_read_back() -> None:
    config = resolve_config(
        {"dataset": "d", "task": {"kind": "label", "labels": ["no", "yes"]}, "maxUsd": 5}, execution_name="x"
    )
    assert RunConfig.from_json(json.loads(json.dumps(config.to_json()))) == config


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (
            {"task": {"kind": "lable"}},
            "execution input: task.kind: found 'lable', expected one of auto, label, answer, json, text",
        ),
        (
            {"task": {"knd": "label"}},
            (
                "execution input: task.knd: found an unknown key, expected one of kind, labels, answerPattern, "
                "outputSchema (did you mean 'kind'?)"
            ),
        ),
        (
            {"sampling": {"sampled": True}},
            "execution input: sampling.sampled: found true, expected a whole number from 0 to 32",
        ),
        (
            {"sampling": {"sampled": "4"}},
            "execution input: sampling.sampled: found '4', expected a whole number from 0 to 32",
        ),
        (
            {"sampling": {"sampled": 4.0}},
            "execution input: sampling.sampled: found 4.0, expected a whole number from 0 to 32",
        ),
        (
            {"sampling": {"temperature": 0}},
            "execution input: sampling.temperature: found 0, expected a number from 0.00001 to 1",
        ),
        (
            {"sampling": {"maxTokens": 5001}},
            "execution input: sampling.maxTokens: found 5001, expected a whole number from 1 to 5000",
        ),
        (
            {"sampling": {"greedy": 0, "sampled": 0}},
            "execution input: sampling.sampled: found greedy 0 and sampled 0, expected at least one answer a prompt",
        ),
        (
            {"batches": {"maxShardRecords": 99}},
            "execution input: batches.maxShardRecords: found 99, expected a whole number from 100 to 50000",
        ),
        (
            {"batches": {"maxConcurrent": 21}},
            "execution input: batches.maxConcurrent: found 21, expected a whole number from 1 to 20",
        ),
        (
            {
                "batches": {"timeoutHours": 168, "retryWaves": 5},
                "filters": {"judge": {}},
                "evaluation": {"judge": {"maxPrompts": 20000}},
                "promotion": "approve",
                "serving": {"approvalHours": 2160},
            },
            (
                "execution input: batches.timeoutHours: found waits of up to 8,919 hours together, expected at most "
                "8,750, since no execution lasts longer: lower this, batches.retryWaves, expansion.maxRounds, "
                "evaluation.judge.maxPrompts or serving.approvalHours"
            ),
        ),
        (
            {"expansion": {"methods": ["topic"]}},
            (
                "execution input: expansion.methods[0]: found 'topic', expected one of topics, personas, evolution, "
                "selfInstruct"
            ),
        ),
        (
            {"expansion": {"categories": {"a": 0}}},
            "execution input: expansion.categories.a: found 0, expected a number above 0",
        ),
        (
            {"filters": {"personalData": "hide"}},
            "execution input: filters.personalData: found 'hide', expected one of off, redact, reject",
        ),
        (
            {"examples": {"policy": "best"}},
            "execution input: examples.policy: found policy best without a judge or references, expected "
            "filters.judge, "
            "or examples.trustReference with references in the seeds",
        ),
        (
            {"evaluation": {"samples": 2}, "sampling": {"sampled": 0}},
            (
                "execution input: evaluation.samples: found 2, expected 0, or sampling.sampled above 0: the teacher "
                "has no samples to compare with"
            ),
        ),
        (
            {"expansion": {"targetPrompts": 5, "methods": ["topics"], "maxRounds": 1}},
            "execution input: expansion.maxRounds: found 1 with the method topics alone, expected 2 or more: "
            "the first round asks for topics, the next for prompts",
        ),
        ({"batches": 7}, "execution input: batches: found 7, expected an object: { ... }"),
        ({"gate": None}, "execution input: gate: found null, expected an object: { ... }"),
        (
            {"training": {"epochCount": 6}},
            "execution input: training.epochCount: found 6, expected a whole number from 1 to 5",
        ),
        (
            {"training": {"method": "DISTILLATION"}, "examples": {"policy": "proportional"}, "arms": {"fewShot": 2}},
            "execution input: training.method: found DISTILLATION with examples.policy, arms.fewShot, expected the "
            "defaults of these: "
            "Bedrock asks the teacher itself and shows no answers",
        ),
        (
            {"training": {"learningRate": 0.001}},
            "execution input: training.learningRate: found 0.001, expected a number from 0.000001 to 0.0001",
        ),
        (
            {"split": {"holdoutShare": float("nan")}},
            "execution input: split.holdoutShare: found NaN, expected a number from 0.01 to 0.9",
        ),
        ({"maxUsd": 0}, "execution input: maxUsd: found 0, expected a number above 0 or null"),
        ({"keepModelOnFailure": 1}, "execution input: keepModelOnFailure: found 1, expected true or false or null"),
        ({"promotion": "Auto"}, "execution input: promotion: found 'Auto', expected one of auto, approve, never"),
        (
            {"runId": "a--b"},
            (
                f"execution input: runId: found 'a--b', expected text that matches {RUN_ID_PATTERN}, at most 36 "
                "characters or null"
            ),
        ),
        (
            {"runId": "a" * 37},
            (
                f"execution input: runId: found '{'a' * 37}', expected text that matches {RUN_ID_PATTERN}, at most "
                "36 characters or null"
            ),
        ),
        (
            {"promptTemplate": ""},
            "execution input: promptTemplate: found '', expected text of 1 to 20000 characters or null",
        ),
        ({"task": {"labels": ["yes", 1]}}, "execution input: task.labels[1]: found 1, expected text in quotes"),
        (
            {"task": {"labels": "yes"}},
            "execution input: task.labels: found 'yes', expected a list of 2 to 200 texts in quotes or null",
        ),
    ],
)
def test_a_problem_says_where_what_was_found_and_what_was_expected(given: dict[str, Any], line: str) -> None:
    assert problem_of(**given) == line


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        (
            {"kind": "answer"},
            "task.answerPattern: found nothing, expected a regular expression, because task.kind is answer",
        ),
        (
            {"kind": "label", "answerPattern": "x"},
            "task.answerPattern: found 'x', expected nothing, because task.kind is label",
        ),
        (
            {"kind": "text", "labels": ["a", "b"]},
            "task.labels: found a | b, expected nothing, because task.kind is text",
        ),
        (
            {"labels": ["a", "b"], "answerPattern": "x"},
            "task.kind: found labels and answerPattern, expected one of them",
        ),
        ({"labels": ["a", "b"], "outputSchema": {}}, "task.kind: found labels and outputSchema, expected one of them"),
        (
            {"kind": "label", "outputSchema": {}},
            "task.outputSchema: found a schema, expected nothing, because task.kind is label",
        ),
        (
            {"outputSchema": {"type": "nothing"}},
            "task.outputSchema: found a schema that cannot be used, expected",
        ),
        (
            {"outputSchema": {"$ref": "https://example.com/s.json"}},
            "task.outputSchema: found a schema that cannot be used, expected",
        ),
        (
            {"answerPattern": "("},
            "expected a regular expression that RE2 can run, so without look-around and backreferences (missing )",
        ),
        ({"answerPattern": "(a)(b)"}, "found 2 groups, expected at most one group"),
        ({"answerPattern": "a*"}, "expected a pattern that does not match an empty text"),
        ({"answerPattern": "a" * 201}, "expected text of 1 to 200 characters or null"),
        ({"labels": ["a"]}, "expected 2 to 200 labels"),
        ({"labels": [str(i) for i in range(201)]}, "expected 2 to 200 labels"),
        ({"labels": ["a", " "]}, "expected labels of 1 to 64 characters"),
        ({"labels": ["a", "b" * 65]}, "expected labels of 1 to 64 characters"),
        ({"labels": ["straße", "STRASSE"]}, "expected labels that differ in more than upper and lower case"),
        ({"labels": ["a|b", "c"]}, "expected labels without | and line breaks"),
        ({"labels": ["a\u2028b", "c"]}, "expected labels without | and line breaks"),
        ({"labels": ["user: x", "c"]}, "expected labels without Nova's reserved words"),
        ({"labels": ["yes.", "no."]}, "expected labels without quotes, space or a full stop at their ends"),
    ],
)
def test_keys_of_the_task_fit_each_other(task: dict[str, Any], expected: str) -> None:
    assert expected in problem_of(task=task)


@pytest.mark.parametrize("template", ["no column", "{}", "{0.x!r}", "{a:>9}", "{a", "a}", "System: {a}"])
def test_a_template_that_cannot_be_used(template: str) -> None:
    assert problem_of(promptTemplate=template).startswith("execution input: promptTemplate: found ")


def test_all_problems_come_at_once_with_their_source() -> None:
    dataset_input = b'{"task": {"kind": "lable"}, "batches": {"retryWaves": 9}, "gate": {"margin": 2}, "runId": "r"}'
    problems = problems_of({"dataset": "Reviews", "gate": {"margin": "x"}, "max_usd": 1}, dataset_input)
    assert sorted(problem.split(", expected")[0] for problem in problems) == [
        "execution input: dataset: found 'Reviews'",
        "execution input: gate.margin: found 'x'",
        "execution input: max_usd: found an unknown key",
        "seeds/Reviews/input.json: batches.retryWaves: found 9",
        "seeds/Reviews/input.json: runId: found 'r'",
        "seeds/Reviews/input.json: task.kind: found 'lable'",
    ]


def test_the_execution_input_overrules_the_dataset_input_key_by_key() -> None:
    dataset_input = (
        b'\xef\xbb\xbf{"dataset": "d", "task": {"labels": ["no", "yes"]}, "sampling": {"sampled": 8, "greedy": 0}, '
        b'"maxUsd": 3}'
    )
    config = resolve_config(
        {"dataset": "d", "sampling": {"sampled": 2}, "maxUsd": None}, execution_name="x", dataset_input=dataset_input
    )
    assert (config.sampling.sampled, config.sampling.greedy, config.sampling.max_tokens, config.max_usd) == (
        2,
        0,
        512,
        None,
    )
    assert config.task.labels == ("no", "yes")


@pytest.mark.parametrize("dataset_input", [b"", b"{", b"[]", b"\xff", b"[" * 100_000, b'{"dataset": "other"}'])
def test_a_dataset_input_that_cannot_be_used(dataset_input: bytes) -> None:
    (problem,) = problems_of({"dataset": "d"}, dataset_input)
    assert problem.startswith("seeds/d/input.json: ")


@pytest.mark.parametrize(
    "execution_input",
    [None, [], "x", 3, {}, {"dataset": None}, {"dataset": "a/b"}, {"dataset": "x\n"}, {"dataset": "x" * 33}],
)
def test_without_a_dataset_there_is_nothing_to_read(execution_input: object) -> None:
    with pytest.raises(InvalidInput, match="dataset"):
        dataset_of(execution_input)


def test_the_dataset_of_an_input() -> None:
    assert dataset_of({"dataset": "reviews-2", "unknown": 1}) == "reviews-2"


@pytest.mark.parametrize(
    ("name", "run_id"),
    [
        ("5b6d24a4-1c6c-4bd3-9f47-0d7a4e4f6c11", "5b6d24a4-1c6c-4bd3-9f47-0d7a4e4f6c11"),
        ("Demo-1", "demo-1"),
        ("My run, with words & more of them than fit", "my-run-with-words-more-of-t-bdb53b85"),
        ("a_b", "a-b-648fa9b3"),
        ("ñ", "run-024bb908"),
    ],
)
def test_the_run_id_comes_from_the_execution(name: str, run_id: str) -> None:
    assert default_run_id(name) == run_id


@given(st.text(min_size=1, max_size=90))
def test_every_execution_name_gives_a_run_id(name: str) -> None:
    assert resolve_config({"dataset": "d"}, execution_name=name).run_id == default_run_id(name)


@given(st.lists(st.text(min_size=1, max_size=70), max_size=22))
def test_labels_are_usable_or_there_is_a_reason(labels: list[str]) -> None:
    reason = trouble_of_labels(tuple(labels))
    if reason is None:
        assert resolve_config({"dataset": "d", "task": {"labels": labels}}, execution_name="x").task.labels == tuple(
            labels
        )
    else:
        assert reason in problem_of(task={"labels": labels})


def test_the_published_schema_is_the_models() -> None:
    assert (ROOT / "docs/run-input.schema.json").read_text() == published_schema(), (
        "cd functions && python -m distillation.run.input > ../docs/run-input.schema.json"
    )


def test_the_published_schema_names_every_key_with_its_default() -> None:
    schema = json.loads((ROOT / "docs/run-input.schema.json").read_text())
    assert schema["required"] == ["dataset"]
    assert {"type": "null"} in schema["properties"]["runId"]["anyOf"]
    assert _defaults(schema, schema) == resolve_config({"dataset": "d"}, execution_name="x").to_json() | {
        "dataset": "required",
        "runId": None,
    }


def _defaults(node: dict[str, Any], schema: dict[str, Any]) -> Any:
    node = schema["$defs"][node["$ref"].rsplit("/", 1)[-1]] if "$ref" in node else node
    assert node.get("description"), "every key says what it means"
    if "properties" not in node:
        return node.get("default", "required")
    assert node["additionalProperties"] is False
    return {key: _defaults(below, schema) for key, below in node["properties"].items()}


def test_the_example_input_can_be_pasted() -> None:
    example = json.loads((ROOT / "statemachine/example-input.json").read_text())
    assert resolve_config(example, execution_name="x").dataset == "reviews"


def test_a_key_that_hides_or_is_endless_gives_a_short_line_that_can_be_read() -> None:
    [long] = problems_of({"dataset": "reviews", "x" * 400_000: 1}, None)
    [turned] = problems_of({"dataset": "reviews", "gate": {"\u202enigram": {"\u2066": 1}}}, None)
    assert "x… (400,000 characters): found an unknown key" in long and len(long) < 1_000
    assert "gate.\\u202enigram: found an unknown key" in turned
    [value] = problems_of({"dataset": "reviews", "gate": {"margin": ["\u202e"]}}, None)
    assert "\u202e" not in value


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"training": {"repeats": 6}}, "training.repeats: found 6, expected a whole number from 1 to 5"),
        ({"training": {"candidates": [{}]}}, "training.candidates: found 1 settings, expected 2 to 4 settings"),
        ({"training": {"candidates": [{}, {"epochs": 1}]}}, "training.candidates[1].epochs: found an unknown key"),
        ({"training": {"candidates": "all"}}, "training.candidates: found 'all', expected a list of 2 to 4 objects"),
        ({"training": {"repeats": 2}, "split": {"validationShare": 0}}, "split.validationShare: found 0 with"),
        ({"training": {"repeats": 2, "method": "DISTILLATION"}}, "training.repeats: found DISTILLATION with 2 repeats"),
        (
            {"training": {"candidates": [{}, {"policy": "proportional"}]}, "filters": {"judge": {}}},
            "training.candidates: found policy or rationale with filters.judge",
        ),
        ({"training": {"candidates": [{}, {"policy": "best"}]}}, "examples.policy: found policy best without a judge"),
    ],
)
def test_trainings_that_cannot_be_had_are_refused(given: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        resolve_config({"dataset": "reviews"} | given, execution_name="run-1")
    assert said in str(refused.value)
