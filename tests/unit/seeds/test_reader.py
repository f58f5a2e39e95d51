import csv
import gzip
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from distillation.bedrock.limits import RESERVED_WORDS
from distillation.records import RejectedSeed, Seed
from distillation.seeds import lines as seed_lines
from distillation.seeds.lines import MAX_LINE_BYTES
from distillation.seeds.reader import UNREADABLE_FIELD, SeedReader, is_seed_file
from distillation.seeds.tally import problem_line

ROOT = Path(__file__).parents[3]
Outcome = Seed | RejectedSeed


def read(data: bytes, key: str = "seeds/d/a.jsonl", template: str | None = "{q}", chunk: int = 65_536) -> list[Outcome]:
    reader = SeedReader(template)
    outcomes = list(reader.read(key, [data[i : i + chunk] for i in range(0, len(data), chunk)]))
    assert reader.records == len(outcomes)
    return outcomes


def seeds(data: bytes, key: str = "seeds/d/a.jsonl", template: str | None = "{q}") -> list[Seed]:
    return [outcome for outcome in read(data, key, template) if isinstance(outcome, Seed)]


def rejected(data: bytes, key: str = "seeds/d/a.jsonl", template: str | None = "{q}") -> list[RejectedSeed]:
    return [outcome for outcome in read(data, key, template) if isinstance(outcome, RejectedSeed)]


def conversation(**changes: Any) -> bytes:
    whole = {
        "schemaVersion": "bedrock-conversation-2024",
        "system": [{"text": "Be kind."}],
        "messages": [
            {"role": "user", "content": [{"text": "Hi"}]},
            {"role": "assistant", "content": [{"text": "Hello"}]},
        ],
    }
    return json.dumps(whole | changes).encode()


def cut(data: bytes, sizes: list[int]) -> Iterator[bytes]:
    """`data` in chunks of the given sizes, the rest in one."""
    for size in sizes:
        yield data[:size]
        data = data[size:]
    yield data


# What is read


def test_all_fields_of_a_json_line() -> None:
    line = b'{"prompt": "p", "system": "s", "reference": "r", "category": "c", "group": " g ", "id": "i"}'
    assert seeds(line.replace(b'"i"}', b'"i", "more": [1]}')) == [
        Seed(
            seed_id="i",
            prompt="p",
            file="seeds/d/a.jsonl",
            line=1,
            system="s",
            reference="r",
            category="c",
            group="g",
        )
    ]


def test_nothing_null_and_blank_are_the_same() -> None:
    empty = [
        {},
        dict.fromkeys(["system", "reference", "category", "group", "id"]),
        {"system": " ", "reference": "", "category": "\n", "group": "  ", "id": " "},
    ]
    found = seeds("\n".join(json.dumps({"prompt": "a"} | fields) for fields in empty).encode())
    assert [seed.seed_id for seed in found] == ["a.jsonl:1", "a.jsonl:2", "a.jsonl:3"]
    assert {(seed.system, seed.reference, seed.category, seed.group) for seed in found} == {("", None, None, None)}


def test_a_conversation_line() -> None:
    (seed,) = seeds(conversation(category="greeting", group="caller 7", id=7))
    assert seed.group == "caller 7"
    assert (seed.prompt, seed.system, seed.reference, seed.category, seed.seed_id) == (
        "Hi",
        "Be kind.",
        "Hello",
        "greeting",
        "7",
    )


def test_a_conversation_without_system_and_answer_and_with_two_texts() -> None:
    (seed,) = seeds(
        conversation(system=None, messages=[{"role": "user", "content": [{"text": "one"}, {"text": "two"}]}])
    )
    assert (seed.prompt, seed.system, seed.reference) == ("one\ntwo", "", None)


def turn(role: str, text: str) -> dict[str, object]:
    return {"role": role, "content": [{"text": text}]}


TALK = [turn("user", "Where is my order?"), turn("assistant", "Which one?"), turn("user", "The blue lamp.")]


def test_the_turns_before_the_last_user_turn_are_its_context() -> None:
    answered, open_ended = seeds(
        conversation(messages=[*TALK, turn("assistant", "On its way.")]) + b"\n" + conversation(messages=TALK)
    )
    assert (answered.earlier, answered.prompt) == (("Where is my order?", "Which one?"), "The blue lamp.")
    assert (answered.reference, open_ended.reference) == ("On its way.", None)
    assert open_ended.earlier == answered.earlier


def test_a_chat_as_other_tools_write_it() -> None:
    chat = [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": [{"type": "text", "text": "Hello"}]},
        {"role": "user", "content": "How are you?"},
    ]
    (seed,) = seeds(json.dumps({"messages": chat}).encode())
    assert (seed.system, seed.earlier, seed.prompt) == ("Be kind.", ("Hi", "Hello"), "How are you?")


def test_a_key_called_earlier_is_no_context() -> None:
    (seed,) = seeds(b'{"prompt": "p", "earlier": ["a", "b"]}')
    assert seed.earlier == ()


@pytest.mark.parametrize(
    ("messages", "field", "reason", "found"),
    [
        ([turn("user", "a"), turn("user", "b")], "messages[1].role", "wrong_turns", "'\"user\"'"),
        ([*TALK, turn("system", "s")], "messages[3].role", "wrong_turns", "'\"system\"'"),
        ([turn("assistant", "a")], "messages[0].role", "wrong_turns", "'\"assistant\"'"),
        ([turn("system", "s"), turn("user", "a")], "system", "wrong_turns", 'also a message of the role "system"'),
        ([turn("user", "a"), turn("assistant", " "), turn("user", "b")], "messages[1].content", "empty_turn", "' '"),
        (
            [turn("user", "a"), turn("assistant", "Bot: b"), turn("user", "c")],
            "turn 2 before the prompt",
            "reserved_word",
            "'Bot:' at position 1",
        ),
    ],
)
def test_turns_out_of_order_are_named(messages: list[object], field: str, reason: str, found: str) -> None:
    (bad,) = rejected(conversation(messages=messages))
    assert (bad.line, bad.field, bad.reason, bad.found) == (1, field, reason, found)


def test_only_a_system_message_is_no_seed() -> None:
    (bad,) = rejected(json.dumps({"messages": [{"role": "system", "content": "s"}]}).encode())
    assert (bad.field, bad.found) == ("messages", "no user turn")


@given(st.lists(st.sampled_from(["user", "assistant", "system"]), max_size=7))
def test_turns_are_taken_just_where_user_and_assistant_alternate(roles: list[str]) -> None:
    (outcome,) = read(conversation(messages=[turn(role, f"{n}") for n, role in enumerate(roles)]))
    good = bool(roles) and all(role == ("user", "assistant")[n % 2] for n, role in enumerate(roles))
    assert isinstance(outcome, Seed) == good
    if isinstance(outcome, Seed):
        said = [*outcome.earlier, outcome.prompt, *([outcome.reference] if outcome.reference else [])]
        assert said == [f"{n}" for n in range(len(roles))]


def test_a_csv_row() -> None:
    data = b'id,q,ignored,reference\r\n1,"say ""hi"",\nplease",x,ja\r\n,plain {q},y,\r\n'
    first, second = seeds(data, "seeds/d/a.csv", "Q: {q} {{braces}} ({q})")
    assert first == Seed(
        seed_id="1",
        prompt='Q: say "hi",\nplease {braces} (say "hi",\nplease)',
        file="seeds/d/a.csv",
        line=2,
        reference="ja",
    )
    assert second == Seed(seed_id="a.csv:4", prompt="Q: plain {q} {braces} (plain {q})", file="seeds/d/a.csv", line=4)


def test_bom_line_ends_and_blank_lines() -> None:
    data = b'\xef\xbb\xbf{"prompt":"a"}\r\n\r\n  \t\n{"prompt":"b"}\r{"prompt":"c"}\n\n{"prompt":"\xf0\x9f\x98\x80"}'
    assert [(seed.line, seed.prompt) for seed in seeds(data)] == [(1, "a"), (4, "b"), (5, "c"), (7, "😀")]


def test_blank_lines_in_csv_are_not_counted_and_blank_lines_in_values_stay() -> None:
    outcomes = read(b'\xef\xbb\xbfq\n\n"a\n\nb"\n   \nc\n\n', "x.csv")
    assert [(outcome.line, getattr(outcome, "prompt", None)) for outcome in outcomes] == [(3, "a\n\nb"), (7, "c")]


@pytest.mark.parametrize("key", ["x.jsonl", "x.jsonl.gz", "x.csv", "x.csv.gz"])
def test_an_empty_file_holds_no_seeds(key: str) -> None:
    assert read(b"", key) == []


def test_a_prompt_of_20_kilobytes_is_a_seed() -> None:
    assert len(seeds(json.dumps({"prompt": "word " * 4096}).encode())[0].prompt) == 20_480


def test_a_reserved_word_in_a_reference_is_no_reason() -> None:
    assert seeds(b'{"prompt": "a", "reference": "User: b"}')[0].reference == "User: b"


@pytest.mark.parametrize(
    ("key", "is_one"),
    [
        ("seeds/d/a.jsonl", True),
        ("a.CSV.GZ", True),
        ("a.jsonl.gz", True),
        ("input.json", False),
        ("a.jsonl.zip", False),
        ("jsonl", False),
        ("a.csv/", False),
    ],
)
def test_seed_files_are_known_by_name(key: str, is_one: bool) -> None:
    assert is_seed_file(key) is is_one


def test_gzip_members_and_padding() -> None:
    data = gzip.compress(b'{"prompt":"a"}\n{"prom') + gzip.compress(b'pt":"b"}\n') + b"\0" * 512
    for chunk in (1, 7, 65_536):
        assert [o.prompt for o in read(data, "x.jsonl.gz", chunk=chunk) if isinstance(o, Seed)] == ["a", "b"]


# What is rejected

BAD_LINES: list[tuple[bytes, str, str]] = [
    (b'{"prompt": "a"', "line", "not_json"),
    (b'{"prompt": "a"} {"prompt": "b"}', "line", "not_json"),
    (b'{"prompt": "a", "x": NaN}', "line", "not_json"),
    (b'{"prompt": "a\x00"}', "line", "not_json"),
    (b'{"prompt": ' + b"[" * 100_000, "line", "not_json"),
    (b"plain text", "line", "not_json"),
    (b"[1, 2]", "line", "not_an_object"),
    (b'"text"', "line", "not_an_object"),
    (b"[" * 400 + b"]" * 400, "line", "not_an_object"),
    ('{"prompt": "café"}'.encode("latin-1"), "line", "not_utf8"),
    (b'{"prompt": "a", "x": "\xff"}', "line", "not_utf8"),
    (b'{"prompt": "' + b"x" * MAX_LINE_BYTES + b'"}', "line", "line_too_long"),
    (b"{}", "prompt", "missing_prompt"),
    (b'{"promt": "a"}', "prompt", "missing_prompt"),
    (b'{"prompt": null}', "prompt", "missing_prompt"),
    (b'{"prompt": ""}', "prompt", "empty_prompt"),
    (b'{"prompt": " \\n\\u00a0"}', "prompt", "empty_prompt"),
    (b'{"prompt": 1}', "prompt", "wrong_type"),
    (b'{"prompt": "a", "reference": 42}', "reference", "wrong_type"),
    (b'{"prompt": "a", "system": ["s"]}', "system", "wrong_type"),
    (b'{"prompt": "a", "id": true}', "id", "wrong_type"),
    (b'{"prompt": "a", "id": 1.5}', "id", "wrong_type"),
    (b'{"prompt": "a", "id": "' + b"i" * 201 + b'"}', "id", "id_too_long"),
    (b'{"prompt": "a\\u0000"}', "prompt", "control_character"),
    (b'{"prompt": "a", "reference": "\\u001b[31m"}', "reference", "control_character"),
    (b'{"prompt": "\\ud83d"}', "prompt", "lone_surrogate"),
    (b'{"prompt": "a", "category": "\\ude00"}', "category", "lone_surrogate"),
    (b'{"prompt": "' + b"word " * 25_601 + b'"}', "prompt", "too_long"),
    (conversation(messages=[{"role": "user", "content": "Hi"}]), "messages[0].content", "wrong_content"),
    (conversation(schemaVersion="bedrock-conversation-2023"), "schemaVersion", "wrong_schema_version"),
    (conversation(messages=[]), "messages", "wrong_turns"),
    (conversation(messages="Hi"), "messages", "wrong_turns"),
    (conversation(messages=["Hi"]), "messages[0].role", "wrong_turns"),
    (conversation(messages=[{"role": "assistant", "content": [{"text": "a"}]}]), "messages[0].role", "wrong_turns"),
    (conversation(messages=[{"role": "user", "content": [{"text": "a"}]}] * 2), "messages[1].role", "wrong_turns"),
    (conversation(messages=[{"role": "user"}]), "messages[0].content", "wrong_content"),
    (conversation(messages=[{"role": "user", "content": [{"image": {}}]}]), "messages[0].content", "wrong_content"),
    (conversation(system="Be kind."), "system", "wrong_content"),
    (conversation(messages=[{"role": "user", "content": []}]), "prompt", "empty_prompt"),
]
BAD_ROWS: list[tuple[bytes, str, str]] = [
    (b"q,r\nonly one", "line", "wrong_column_count"),
    (b"q,r\n1,2,3", "line", "wrong_column_count"),
    (b'q,r\n"a"b,2', "line", "not_csv"),
    (b"q,r\n ,2", "prompt", "empty_prompt"),
    (b"q,r\n\xe9,2", "line", "not_utf8"),
    (b"q,r\na\x00b,2", "prompt", "control_character"),
    (b"q,system\na,bot: hello", "system", "reserved_word"),
]
BAD_FILES: list[tuple[str, bytes, str]] = [
    ("x.csv", b"a;b\n1;2", "missing_column"),
    ("x.csv", b"q,q\n1,2", "wrong_header"),
    ("x.csv", b'"q"x,r\n1,2', "wrong_header"),
    ("x.csv", b'q,r\n1,"2\n3,4\n5,6', "unclosed_quote"),
    ("x.csv", b'q,r\n1,"2\n3,"4"\n5,6', "unclosed_quote"),
    ("x.csv", b'q,r\n1,"' + b"2\n" * 600_000, "unclosed_quote"),
    ("x.csv", b"q,r\n" + b"x" * (MAX_LINE_BYTES + 1) + b"\n1,2", "line_too_long"),
    ("x.csv", "q,r\n1,2".encode("utf-16"), "wrong_encoding"),
    ("x.jsonl", gzip.compress(b'{"prompt":"a"}'), "wrong_encoding"),
    ("x.jsonl.gz", b'{"prompt":"a"}', "corrupt_gzip"),
    ("x.jsonl.gz", gzip.compress(b'{"prompt":"a"}\n' * 1000)[:-9], "corrupt_gzip"),
    ("x.txt", b'{"prompt":"a"}', "unknown_file_type"),
]


@pytest.mark.parametrize(("line", "field", "reason"), BAD_LINES)
def test_a_bad_line_is_rejected_with_its_reason_and_the_next_one_is_read(line: bytes, field: str, reason: str) -> None:
    bad, good = read(line + b'\n{"prompt": "good"}\n')
    assert isinstance(bad, RejectedSeed)
    assert (bad.file, bad.line, bad.field, bad.reason) == ("seeds/d/a.jsonl", 1, field, reason)
    assert isinstance(good, Seed)
    assert good.line == 2


@pytest.mark.parametrize("word", RESERVED_WORDS)
@pytest.mark.parametrize("place", ["prompt", "system"])
def test_a_reserved_word_is_rejected_with_its_place(word: str, place: str) -> None:
    (bad,) = rejected(json.dumps({"prompt": "p", place: f"é and {word.upper()} x"}).encode())
    assert (bad.field, bad.reason, bad.found) == (place, "reserved_word", f"'{word}' at position 7")


@pytest.mark.parametrize(("data", "field", "reason"), BAD_ROWS)
def test_a_bad_row_is_rejected_with_its_reason_and_the_next_one_is_read(data: bytes, field: str, reason: str) -> None:
    bad, good = read(data + b"\r\ngood,good\r\n", "x.csv")
    assert isinstance(bad, RejectedSeed)
    assert (bad.line, bad.field, bad.reason) == (2, field, reason)
    assert isinstance(good, Seed)
    assert good.line == 3


@pytest.mark.parametrize(("key", "data", "reason"), BAD_FILES)
def test_a_file_that_cannot_be_read_says_so_last(key: str, data: bytes, reason: str) -> None:
    *before, last = read(data, key)
    assert isinstance(last, RejectedSeed)
    assert (last.field, last.reason) == (UNREADABLE_FIELD, reason)
    assert all(isinstance(outcome, Seed) for outcome in before)


def test_csv_without_a_template_names_the_columns() -> None:
    (bad,) = rejected(b"question,reference\n1,2", "x.csv", None)
    assert (bad.reason, bad.found) == ("no_prompt_template", "the columns 'question', 'reference'")
    assert '"promptTemplate" in the input, for example "{question}"' in bad.expected


def test_ids_are_used_once_in_all_files_of_a_run() -> None:
    reader = SeedReader()
    outcomes = [
        o
        for key in ("a.jsonl", "b.jsonl")
        for o in reader.read(key, [b'{"prompt": "a", "id": 7}\n{"prompt": "b", "id": "8"}\n'])
    ]
    assert [outcome.reason for outcome in outcomes if isinstance(outcome, RejectedSeed)] == [
        "duplicate_id",
        "duplicate_id",
    ]


def test_what_was_found_is_short_and_safe_to_print() -> None:
    (bad,) = rejected(b"\x1b[31m" + "é".encode() * 500)
    assert problem_line(bad).startswith("seeds/d/a.jsonl line 1: line: found '\\x1b[31mééé")
    assert "(505 characters)" in bad.found
    assert len(bad.found) < 200
    assert bad.found.isprintable()


def test_a_decompression_bomb_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seed_lines, "MAX_UNPACKED_BYTES", 3_000_000)
    assert [bad.reason for bad in rejected(gzip.compress(b" " * 2_999_999), "x.jsonl.gz")] == ["line_too_long"]
    assert [bad.reason for bad in rejected(gzip.compress(b" " * 300_000_000, 1), "x.jsonl.gz")] == [
        "line_too_long",
        "too_large_unpacked",
    ]


def test_a_line_of_exactly_the_limit_with_its_end_is_read_and_no_longer_one() -> None:
    for length, reasons in ((MAX_LINE_BYTES, ["too_long"]), (MAX_LINE_BYTES + 1, ["line_too_long"])):
        line = b'{"prompt":"' + b"x" * (length - 15) + b'"}\r\n'
        for chunk in (1000, 65_536, 4_000_000):
            outcomes = read(line + b'{"prompt":"a"}', chunk=chunk)
            assert [o.reason for o in outcomes if isinstance(o, RejectedSeed)] == reasons
            assert [(o.line, o.prompt) for o in outcomes if isinstance(o, Seed)] == [(2, "a")]


def test_every_reason_is_explained_in_the_input_reference() -> None:
    explained = (ROOT / "docs/input-reference.md").read_text()
    reasons = {reason for *_, reason in [*BAD_LINES, *BAD_ROWS, *BAD_FILES]}
    reasons |= {
        "duplicate_id",
        "too_large_unpacked",
        "no_prompt_template",
        "reference_not_a_label",
        "duplicate",
        "duplicate_conflicting_reference",
    }
    assert [reason for reason in sorted(reasons) if f"`{reason}`" not in explained] == []


# Properties

texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(
    lambda text: text.strip() and not any(w.lower() in text.lower() for w in RESERVED_WORDS)
)
sizes = st.lists(st.integers(0, 40), max_size=30)


line_ends = st.sampled_from(["\n", "\r\n", "\r"])


def in_chunks(ending: str, text: str, sizes: list[int]) -> tuple[str, Iterator[bytes]]:
    data = text.encode()
    return f"seeds/d/x{ending}", cut(gzip.compress(data) if ending.endswith("gz") else data, sizes)


@pytest.mark.parametrize("ending", [".jsonl", ".jsonl.gz"])
@given(prompts=st.lists(texts, max_size=6), escaped=st.booleans(), line_end=line_ends, sizes=sizes)
def test_json_lines_come_back_as_written(
    *, ending: str, prompts: list[str], escaped: bool, line_end: str, sizes: list[int]
) -> None:
    text = "".join(
        json.dumps({"prompt": prompt, "reference": prompt}, ensure_ascii=escaped) + line_end for prompt in prompts
    )
    outcomes = list(SeedReader().read(*in_chunks(ending, text, sizes)))
    assert [(o.prompt, o.reference, o.line) for o in outcomes if isinstance(o, Seed)] == [
        (p, p, i) for i, p in enumerate(prompts, start=1)
    ]
    assert len(outcomes) == len(prompts)


@pytest.mark.parametrize("ending", [".csv", ".csv.gz"])
@given(rows=st.lists(st.tuples(texts, st.text("ab\r\n,\"'{} é")), max_size=6), line_end=line_ends, sizes=sizes)
def test_csv_rows_come_back_as_written(
    *, ending: str, rows: list[tuple[str, str]], line_end: str, sizes: list[int]
) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator=line_end, quoting=csv.QUOTE_ALL).writerows([("q", "r"), *rows])
    outcomes = list(SeedReader("{q}|{r}").read(*in_chunks(ending, out.getvalue(), sizes)))
    assert [o.prompt for o in outcomes if isinstance(o, Seed)] == [f"{q}|{r}" for q, r in rows]
    assert len(outcomes) == len(rows)


pieces = st.one_of(
    st.binary(max_size=12),
    st.sampled_from(
        [line for line, *_ in BAD_LINES if len(line) < 200] + [b'{"prompt":"a"}', conversation(), b"", b" \t"]
    ),
)


@given(lines=st.lists(pieces, max_size=12), sizes=sizes)
def test_every_line_that_is_not_blank_is_one_seed_or_one_rejection(lines: list[bytes], sizes: list[int]) -> None:
    data = b"\n".join(lines)
    outcomes = list(SeedReader().read("x.jsonl", cut(data, sizes)))
    if not data.startswith((b"\xff\xfe", b"\xfe\xff", b"\x1f\x8b")):
        expected = [
            number
            for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").splitlines(), start=1)
            if line.strip()
        ]
        assert [outcome.line for outcome in outcomes] == expected


@given(
    data=st.binary(max_size=200) | st.text('q,r\n\r"ab\0é').map(str.encode),
    name=st.sampled_from(["x.csv", "x.csv.gz", "x.jsonl", "x.jsonl.gz"]),
    sizes=sizes,
)
def test_no_bytes_break_the_reader_and_chunks_do_not_matter(data: bytes, name: str, sizes: list[int]) -> None:
    data = gzip.compress(data)[: len(data) + 10] if name.endswith("gz") else data
    whole, pieced = SeedReader("{q}"), SeedReader("{q}")
    assert list(whole.read(name, [data])) == list(pieced.read(name, cut(data, sizes)))
    assert whole.records == pieced.records


@example(line_bytes=2500, chunk=1, line_end="\r")
@settings(deadline=None, max_examples=50)
@given(
    line_bytes=st.integers(0, 4000) | st.integers(1996, 2003),
    chunk=st.integers(1, 3000) | st.integers(1998, 2003),
    line_end=line_ends,
)
def test_long_lines_are_skipped_wherever_the_chunks_are_cut(line_bytes: int, chunk: int, line_end: str) -> None:
    end = line_end.encode()
    data = b"x" * line_bytes + end + b'{"prompt":"a"}' + end + b"y" * line_bytes
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seed_lines, "MAX_LINE_BYTES", 2000)
        patch.setattr(seed_lines, "_PIECE_BYTES", chunk)
        lines = [line for _, line in seed_lines.numbered_lines("x.jsonl", [data])]
    assert lines == [line if len(line) <= 2000 else None for line in data.splitlines(keepends=True)]


def test_an_open_quote_is_given_up_after_a_megabyte() -> None:
    taken = []
    chunks = (taken.append(i) or b"x\n" * 50_000 for i in range(100))
    (bad,) = SeedReader("{q}").read("x.csv", chain([b'q\n"open'], chunks))
    assert (bad.line, len(taken) < 15) == (2, True)
    assert isinstance(bad, RejectedSeed)
    assert bad.reason == "unclosed_quote"


MEMORY = """
import resource, sys
from distillation.run.input import resolve_config
from distillation.seeds.prompts import SeedIntake
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 if sys.platform == "darwin" else 1 / 1024)
padding = b"word " * 200
intake = SeedIntake(resolve_config({"dataset": "d"}, execution_name="x"))
lines = (b'{"prompt": "%d %s", "id": %d, "reference": "yes"}\\n' % (i, padding, i) for i in range(100_000))
before = peak()
count = sum(1 for _ in intake.read("seeds/d/a.jsonl", lines))
count += sum(1 for _ in intake.read("seeds/d/one-line.jsonl", (padding for i in range(100_000))))
print(count, (peak() - before) / 1024 / 1024)
"""


def test_a_file_of_100_megabytes_is_never_held_be_it_many_lines_or_one() -> None:
    run = subprocess.run(
        [sys.executable, "-c", MEMORY], capture_output=True, text=True, cwd=ROOT / "functions", check=True
    )
    count, growth = run.stdout.split()
    assert count == "100001"
    assert float(growth) < 60
