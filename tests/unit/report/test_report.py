"""The report: its shape, its pages, and texts that would like to be code."""

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from distillation.evaluation.scores import Check, CheckOutcome
from distillation.records import CleanUp, FunnelStep, Leftover, encode_json
from distillation.report.charts.palette import DARK, LIGHT
from distillation.report.charts.style import plotly_js
from distillation.report.failure import (
    FailureReport,
    build_failure_report,
    next_step,
    render_failure_html,
    render_failure_markdown,
)
from distillation.report.funnel import expansion_steps, funnel_groups, funnel_problems, seeds_step
from distillation.report.page_environment import bound, in_words, markdown_text, pages, visible
from distillation.report.pages import render_html, render_markdown
from distillation.report.report import Report, account_problems, taken_over
from distillation.report.rows import all_rows, headline_rows, judged_slices, outcome_in_words
from distillation.wording import figure, metric_name, p_value, percent, points, span, usd
from tests.worlds.evaluation_worlds import decide, score
from tests.worlds.report_world import (
    COUNTS,
    EXPANSION,
    HOSTILE,
    HOSTILE_LABEL,
    QUESTION,
    label_record,
    label_report,
    text_report,
)


@pytest.fixture(scope="module")
def report() -> Report:
    return label_report(n=120)


@pytest.fixture(scope="module")
def page(report: Report) -> str:
    return render_html(report)


class Tags(HTMLParser):
    """Which elements a browser would see, with their attributes, and the text outside of scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._raw = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._raw = tag in {"script", "style"}

    def handle_endtag(self, tag: str) -> None:
        self._raw = False

    def handle_data(self, data: str) -> None:
        self.text += "" if self._raw else data


def test_report_json_has_the_agreed_shape(report: Report) -> None:
    data = json.loads(encode_json(report))
    assert {"runId", "dataset", "verdict", "arms", "counts"} <= data.keys()
    assert data["verdict"]["decision"] in {"promote", "hold", "reject"}
    assert data["verdict"]["reasons"]
    assert list(data["arms"]) == ["teacher", "base", "few-shot", "student", "direct"]
    assert {"value", "low", "high"} <= data["arms"]["student"]["metrics"]["accuracy"].keys()
    assert data["arms"]["student"]["n"] == 120
    c = data["counts"]
    assert c["seedsIn"] == c["seeds"] + c["seedsRejected"]
    assert c["replies"] == c["answers"] + c["answersRejected"]
    assert c["requests"] == c["replies"] + c["requestsMissing"]
    assert data["data"]["funnel"][0] == {
        "step": "seeds",
        "unit": "seeds",
        "came": 1240,
        "kept": 1200,
        "rejected": {"not_json": 25, "reserved_word": 15},
        "changed": 0,
    }
    assert msgspec.json.decode(encode_json(report), type=Report) == report


def test_counts_that_do_not_add_up_are_said(report: Report) -> None:
    assert report.account_problems == ()
    wrong = msgspec.structs.replace(COUNTS, replies=7791)
    assert account_problems(wrong, None) == (
        "requests are 7,800, but replies + missing are 7,801.",
        "replies are 7,791, but answers + rejected answers are 7,790.",
    )
    step = FunnelStep(step="nearDuplicates", unit="prompts", came=10, kept=8, rejected={"near_duplicate": 1})
    assert funnel_problems([step]) == ("Not nearly a copy of another (prompts): 10 came, but kept + set aside are 9.",)


def test_the_page_loads_nothing_from_anywhere(page: str) -> None:
    tags = Tags(page).tags
    policy = next(attrs["content"] for tag, attrs in tags if attrs.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert "default-src 'none'" in policy
    assert not [tag for tag, attrs in tags if "src" in attrs or tag in {"iframe", "object", "embed", "base"}]
    assert [attrs["href"] for tag, attrs in tags if tag == "link"] == ["data:,"]
    links = [attrs["href"] or "" for tag, attrs in tags if "href" in attrs and tag != "link"]
    assert all(re.fullmatch(r"#[\w-]+|\.\./[0-9]-[a-z]+/[\w.-]+", link) for link in links)
    assert not re.search(r"url\(|@import", page.replace(plotly_js(), ""))
    assert page.count(plotly_js()) == 1


def test_hostile_text_stays_text(report: Report, page: str) -> None:
    seen = Tags(page)
    assert [attrs.get("type") for tag, attrs in seen.tags if tag == "script"] == [
        "application/json",
        "text/plain",
        None,
    ]
    assert not [tag for tag, attrs in seen.tags if tag == "img" or any(name.startswith("on") for name in attrs)]
    assert HOSTILE in seen.text and HOSTILE_LABEL in seen.text


def test_chart_data_cannot_close_its_script(page: str) -> None:
    data = page.split('<script type="application/json" id="figures">', 1)[1].split("</script>", 1)[0]
    assert "<" not in data
    charts = json.loads(data)
    assert set(charts) == {
        "differences",
        "slices",
        "costs",
        "latency",
        "agreement",
        "entropy",
        "calibration",
        "divergence",
        "loss",
    }
    texts = [note["text"] for note in charts["slices"]["layout"]["annotations"]]
    assert any(text.startswith("&lt;/script&gt;") for text in texts), "plotly reads tags in its texts"


def test_the_page_can_be_read_without_eyes(page: str) -> None:
    tags = Tags(page).tags
    assert {"header", "main", "footer", "h1"} <= {tag for tag, _ in tags}
    charts = [attrs for _, attrs in tags if attrs.get("role") == "img"]
    assert len(charts) == 9
    assert all(len(attrs["aria-label"] or "") > 40 for attrs in charts)
    assert all(attrs.get("scope") for tag, attrs in tags if tag == "th")
    ids = [attrs["id"] for _, attrs in tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert {attrs["aria-labelledby"] for _, attrs in tags if "aria-labelledby" in attrs} <= set(ids)
    links = {attrs["href"] or "" for tag, attrs in tags if tag == "a"}
    assert {link[1:] for link in links if link.startswith("#")} <= set(ids)


def test_each_colour_has_a_value_of_its_own() -> None:
    """The page puts the dark values in place of the light ones, name by name."""
    assert LIGHT.keys() == DARK.keys()
    assert len({*LIGHT.values(), *DARK.values()}) == 2 * len(LIGHT)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_every_text_colour_has_enough_contrast(theme: dict[str, str]) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1."""

    def luminance(colour: str) -> float:
        channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    paper = luminance(theme["paper"])
    for name in theme.keys() - {"paper", "line"}:
        lighter, darker = sorted((luminance(theme[name]), paper), reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5, name


def test_the_verdict_comes_first_on_every_page(report: Report, page: str) -> None:
    label = report.verdict.decision.capitalize()
    assert page.index(f'<h1 class="decision">{label}</h1>') < page.index("<h2")
    assert render_markdown(report).startswith(f"# {label}: reviews")


def test_markdown_holds_the_numbers_and_sound_tables(report: Report) -> None:
    text = render_markdown(report)
    accuracy = report.arms["student"].metrics["accuracy"]
    assert f"{percent(accuracy.value)} ({span('accuracy', accuracy.low, accuracy.high)})" in text
    tables = [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]
    assert len(tables) == 5
    for table in tables:
        assert len({line.replace(r"\|", "").count("|") for line in table}) == 1


def test_a_report_without_arms_still_draws() -> None:
    scores = score([], {"teacher": [], "student": []}, QUESTION, seed=1)
    bare = msgspec.structs.replace(
        label_report(n=30), **taken_over(label_record(QUESTION, "r"), scores), verdict=decide(scores), data=None
    )
    assert "Hold" in render_html(bare)
    assert render_markdown(bare).startswith("# Hold")


def test_the_forest_shows_the_student_first_and_each_pair_once(report: Report) -> None:
    rows = headline_rows(report)
    assert rows[0].name == "Accuracy: student − teacher" and rows[0].margin == 0.05
    assert [row.name for row in rows if row.margin is not None] == ["Accuracy: student − teacher"]
    names = [row.name for row in all_rows(report)]
    assert len(names) == len(set(names)) > len(rows)
    assert {
        "Accuracy: student − direct",
        "Macro F1: few-shot − teacher",
        "Agreement with the teacher: student − teacher's repeats",
    } <= set(names)


def test_slices_carry_the_gates_own_outcome(report: Report) -> None:
    rows = judged_slices(report)
    assert sum(part.n for part, _, _ in rows) == 120
    assert all(set(part.arms) == set(report.arms) for part, _, _ in rows)
    checked = {check.slice for check in report.verdict.checks if check.slice}
    assert {part.name for part, _, check in rows if check} == checked


def test_an_outcome_in_words() -> None:
    check = Check(
        metric="accuracy",
        slice="s",
        gated=False,
        n=40,
        difference=0,
        low=-0.1,
        high=0.1,
        margin=0.05,
        outcome=CheckOutcome.OPEN,
        p_worse=1,
        p_worse_holm=1,
    )
    assert outcome_in_words(check) == ("too few items", "none")
    assert outcome_in_words(msgspec.structs.replace(check, gated=True)) == ("not settled", "wait")
    assert outcome_in_words(msgspec.structs.replace(check, outcome=CheckOutcome.WORSE)) == ("worse", "bad")
    assert outcome_in_words(None) == ("not tested", "none")


def test_the_funnel_begins_with_the_seeds_and_names_each_method() -> None:
    steps = [seeds_step(10, {"not_json": 2}), *expansion_steps(EXPANSION)]
    assert (steps[0].came, steps[0].kept) == (10, 8)
    assert (steps[1].came, steps[1].kept, steps[1].rejected) == (
        300,
        200,
        {"duplicate": 20, "nearDuplicate": 30, "not_given": 50},
    )
    assert not funnel_problems(steps)
    assert list(expansion_steps(None)) == []


def test_a_method_that_gave_more_than_it_was_asked_for_adds_up() -> None:
    counts = {"requests": 1, "asked": 10, "parsed": 14, "overTarget": 2, "kept": 12}
    [step] = expansion_steps(msgspec.structs.replace(EXPANSION, methods={"topic": counts}))
    assert (step.came, step.kept, step.rejected) == (14, 12, {"overTarget": 2})


def test_steps_of_one_unit_stand_together_and_the_holdout_is_no_loss(report: Report) -> None:
    assert report.data
    groups = funnel_groups(report.data.funnel)
    assert [title.partition(":")[0] for title in groups] == [
        "Seeds",
        "Expansion",
        "Answers of the teacher",
        "Prompts to learn from",
        "Holdout",
    ]
    split = groups["Prompts to learn from"][0]
    assert (split["apart"], split["out"], split["share"]) == (250, {}, 1.0)
    assert (split["step"].came, split["step"].kept) == (1560, 1310)


def test_a_text_task_shows_its_items_word_by_word() -> None:
    found = text_report(30)
    page = render_html(found)
    seen = Tags(page)
    assert {"del", "ins"} <= {tag for tag, _ in seen.tags}
    assert "accuracy" not in page.split("<nav", 1)[0].lower()
    assert not [tag for tag, _ in seen.tags if tag == "img"]


def failure(error: str = "InvalidInput", cause: str = HOSTILE) -> str:
    report = build_failure_report(
        "run-1",
        "reviews",
        "now",
        {"state": "PrepareRun", "error": error, "cause": cause, "retired": [HOSTILE]},
        {"seedsIn": 3},
    )
    return render_failure_html(report)


def test_the_failure_page_runs_no_script_at_all() -> None:
    seen = Tags(failure())
    assert not [tag for tag, _ in seen.tags if tag in {"script", "img"}]
    assert seen.text.count(HOSTILE) == 2
    assert "PrepareRun ended with InvalidInput." in seen.text
    assert "runs/run-1/0-run/rejected-seeds.jsonl" in seen.text


def failed_in_tuning(done: CleanUp) -> FailureReport:
    failure = {"state": "AwaitTuning", "error": "TuningFailed", "cause": "bad data\nmore"}
    return build_failure_report("run-1", "reviews", "now", failure | msgspec.to_builtins(done), {})


def test_failure_json_has_the_verdicts_place() -> None:
    report = failed_in_tuning(CleanUp())
    data = json.loads(encode_json(report))
    assert data["verdict"] == {
        "decision": "failed",
        "headline": "Failed in AwaitTuning: TuningFailed.",
        "reasons": ["bad data", report.next_step],
    }
    text = render_failure_markdown(report)
    assert "    bad data\n    more\n" in text
    assert "Nothing: the ledger names no job, deployment or model of this run." in text


def test_what_still_costs_money_comes_first_with_reason_and_command() -> None:
    left = Leftover(what="arn:model", why="AccessDeniedException: no", command="aws bedrock delete-custom-model")
    report = failed_in_tuning(CleanUp(left=(left,), known=True))
    said = "STILL COSTS MONEY: arn:model (AccessDeniedException: no); aws bedrock delete-custom-model"
    assert report.verdict["reasons"][0] == str(left) == said
    text, page = render_failure_markdown(report), Tags(render_failure_html(report)).text
    assert "**STILL COSTS MONEY**: arn:model" in text and "`aws bedrock delete-custom-model`" in text
    assert page.index("What still costs money") < page.index("What to do next")
    assert "the ledger names no job" not in text + page


def test_a_model_that_is_kept_is_named_with_the_command_that_ends_it() -> None:
    kept = "custom model arn:model, paid for by the month: aws bedrock delete-custom-model"
    report = failed_in_tuning(CleanUp(kept=(kept,), known=True))
    assert "## What was kept\n\n- custom model arn:model, paid for by the month" in render_failure_markdown(report)
    assert f"What was kept {kept}" in " ".join(Tags(render_failure_html(report)).text.split())
    nothing = failed_in_tuning(CleanUp(known=True))
    assert "What was kept" not in render_failure_markdown(nothing) + render_failure_html(nothing)


def test_a_ledger_with_rows_never_says_that_nothing_was_made() -> None:
    report = failed_in_tuning(CleanUp(known=True))
    assert "names no job" not in render_failure_markdown(report) + render_failure_html(report)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("InvalidInput", "rejected-seeds.jsonl"),
        ("BudgetExceeded", "maxUsd"),
        ("States.Timeout", "timeoutHours"),
        ("botocore.AccessDeniedException", "permission"),
        ("?", "same runId"),
    ],
)
def test_every_failure_says_what_to_do(error: str, said: str) -> None:
    assert said in next_step("run-1", error)


def test_figures_read_as_people_write_them() -> None:
    assert percent(0.885) == "88.5 %"
    names = ("macroF1", "Builtin.FollowingInstructions", "Custom.tone", "unheard")
    assert tuple(map(metric_name, names)) == ("Macro F1", "Judged following instructions", "Judged tone", "unheard")
    assert (points(-0.025), points(0.125), points(-0.0001), points(0.125, sign=False)) == (
        "−2.5",
        "+12.5",
        "0.0",
        "12.5",
    )
    assert (usd(0), usd(12.3), usd(0.281), usd(0.0123), usd(0.00042)) == (
        "0 USD",
        "12.30 USD",
        "0.281 USD",
        "0.0123 USD",
        "0.000420 USD",
    )
    assert (p_value(0.0004), p_value(0.0312)) == ("p < 0.001", "p = 0.031")
    assert (figure("latencyP95Ms", 1234.5), figure("outputTokens", 2.0), figure("accuracy", None)) == (
        "1,234 ms",
        "2.0",
        "–",
    )
    assert (
        span("accuracy", 0.75, 0.892),
        span("latencyP95Ms", 5.0, None),
        span("outputTokens", 1.0, 2.0),
        span("accuracy", None, None),
    ) == (
        "75.0 to 89.2 %",
        "5 ms to …",
        "1.0 to 2.0",
        "",
    )


def test_words_and_markdown() -> None:
    assert (in_words("reserved_word"), in_words("seedsIn"), in_words("onDemand")) == (
        "reserved word",
        "seeds in",
        "on demand",
    )
    assert markdown_text("a|b\n<i>*x*") == r"a\|b \<i\>\*x\*"
    assert (markdown_text("# no heading"), markdown_text("75.0 (60.1 to 80.2)!")) == (
        r"\# no heading",
        "75.0 (60.1 to 80.2)!",
    )
    assert bound("95 % of 4.2 points; p < 0.001").replace("\N{NO-BREAK SPACE}", "_") == "95_% of 4.2_points; p_<_0.001"


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("report.pages", {"numpy", "scipy"}),
        ("evaluation.score", {"plotly", "jinja2"}),
        ("evaluation.verdict", {"numpy", "scipy", "plotly"}),
        ("costs", {"numpy", "scipy", "plotly", "jinja2"}),
        ("report.failure", {"numpy", "scipy", "plotly"}),
    ],
)
def test_a_function_needs_only_its_own_layers(module: str, absent: set[str]) -> None:
    """numpy and scipy are only in ScoreRun's layer, plotly only in WriteReport's."""
    code = f"import sys; sys.path.insert(0, 'functions'); import distillation.{module}; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3]
    ).stdout.split()
    assert not absent & set(loaded)


def test_marks_that_turn_the_order_of_words_are_seen() -> None:
    assert visible("a\u202eb\u2066") == "a[U+202E]b[U+2066]"
    page = pages().from_string("{{ said }}").render(said="<\u202e>")
    assert page == "&lt;[U+202E]&gt;"
