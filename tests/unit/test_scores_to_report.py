"""The report: its shape, its pages, and texts that would like to be code."""

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from distillation.costs import Usage, actual_cost, load_prices
from distillation.failure_report import build_failure_report, failure_json, next_step
from distillation.failure_to_pages import render_failure_html, render_failure_markdown
from distillation.figures import figure, p_value, percent, points, span, usd
from distillation.page_environment import in_words, markdown_text
from distillation.palette import DARK, LIGHT
from distillation.predictions_to_scores import score
from distillation.report_charts import plotly_js
from distillation.report_to_pages import render_html, render_markdown
from distillation.scores_to_report import Counts, LossPoint, Report, RunFacts, account_problems, build_report, report_json
from distillation.scores_to_verdict import decide
from tests.unit.evaluation_worlds import SENTIMENT, label_world

MODELS = {"teacher": "amazon.nova-pro-v1:0", "base": "amazon.nova-micro-v1:0", "student": "amazon.nova-micro-v1:0"}
HOSTILE = '</script><script>document.title = "taken"</script><img src=x onerror=alert(1)> {{ 7 * 7 }} | a | b'
COUNTS = Counts(
    seeds_in=105, seeds=100, seeds_rejected=5, prompts=100, requests=500, replies=498, answers=490, answers_rejected=8, requests_missing=2,
    examples=55, examples_rejected=5, train=50, validation=5, holdout=40,
)  # fmt: skip


def report_of(prompt: str = HOSTILE, dataset: str = "reviews") -> Report:
    holdout, predictions = label_world(40, {"teacher": 0.9, "base": 0.5, "student": 0.7}, seed=3)
    holdout = [msgspec.structs.replace(item, prompt=prompt, category=prompt) for item in holdout]
    scores = score(
        holdout, predictions, SENTIMENT, seed=1, models=MODELS, prices=load_prices(), teacher_samples={holdout[0].prompt_id: ["positive"]}, resamples=199
    )
    return build_report(
        RunFacts(
            run_id="run-1",
            dataset=dataset,
            task=SENTIMENT,
            models=MODELS,
            settings={"gate": {"margin": 0.05}, "maxUsd": None},
            started_at="2026-01-01T00:00:00Z",
        ),
        COUNTS,
        scores,
        decide(scores, margin=0.05),
        created_at="2026-01-01T01:00:00Z",
        rejections={"seeds": {"reserved_word": 1, "not_json": 4}},
        costs=actual_cost([Usage(stage="teacher", model=MODELS["teacher"], route="batch", input_tokens=1000, output_tokens=10)], load_prices()),
        training_loss=[LossPoint(step=1, epoch=0.5, training_loss=2.0), LossPoint(step=2, epoch=1.0, training_loss=1.0)],
    )


@pytest.fixture(scope="module")
def report() -> Report:
    return report_of()


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
    data = json.loads(report_json(report))
    assert {"runId", "dataset", "verdict", "arms", "counts"} <= data.keys()
    assert data["verdict"]["decision"] in {"promote", "hold", "reject"}
    assert data["verdict"]["reasons"]
    assert data["arms"].keys() == {"teacher", "base", "student"}
    assert {"value", "low", "high"} <= data["arms"]["student"]["metrics"]["accuracy"].keys()
    assert data["arms"]["student"]["n"] == 40
    c = data["counts"]
    assert c["seedsIn"] == c["seeds"] + c["seedsRejected"]
    assert c["replies"] == c["answers"] + c["answersRejected"]
    assert c["requests"] == c["replies"] + c["requestsMissing"]
    assert list(data["rejections"]["seeds"]) == ["not_json", "reserved_word"]
    assert msgspec.json.decode(report_json(report), type=Report) == report


def test_counts_that_do_not_add_up_are_said(report: Report) -> None:
    assert report.account_problems == ()
    wrong = msgspec.structs.replace(COUNTS, replies=499)
    assert account_problems(wrong) == ("requests are 500, but replies + missing are 501.", "replies are 499, but answers + rejected answers are 498.")


def test_the_page_loads_nothing_from_anywhere(page: str) -> None:
    tags = Tags(page).tags
    policy = next(attrs["content"] for tag, attrs in tags if attrs.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert "default-src 'none'" in policy
    assert not [tag for tag, attrs in tags if "src" in attrs or tag in {"link", "iframe", "object", "embed", "base"}]
    assert [attrs["href"] for _, attrs in tags if "href" in attrs] == ["#main"]
    assert not re.search(r"url\(|@import", page.replace(plotly_js(), ""))
    assert page.count(plotly_js()) == 1


def test_hostile_text_stays_text(report: Report, page: str) -> None:
    seen = Tags(page)
    assert sum(tag == "script" for tag, _ in seen.tags) == 3
    assert not [tag for tag, attrs in seen.tags if tag == "img" or any(name.startswith("on") for name in attrs)]
    assert HOSTILE in seen.text


def test_chart_data_cannot_close_its_script(page: str) -> None:
    data = page.split('<script type="application/json" id="figures">', 1)[1].split("</script>", 1)[0]
    assert "<" not in data
    assert set(json.loads(data)) == {"differences", "costs", "agreement", "loss"}


def test_the_page_can_be_read_without_eyes(page: str) -> None:
    tags = Tags(page).tags
    assert {"header", "main", "footer", "h1"} <= {tag for tag, _ in tags}
    charts = [attrs for _, attrs in tags if attrs.get("role") == "img"]
    assert len(charts) == 4
    assert all(len(attrs["aria-label"] or "") > 40 for attrs in charts)
    assert all(attrs.get("scope") for tag, attrs in tags if tag == "th")
    ids = [attrs["id"] for _, attrs in tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert {attrs["aria-labelledby"] for _, attrs in tags if "aria-labelledby" in attrs} <= set(ids)


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
    assert len(tables) == 4
    for table in tables:
        assert len({line.count("|") for line in table}) == 1


def test_a_report_without_arms_still_draws() -> None:
    scores = score([], {"teacher": [], "student": []}, SENTIMENT, seed=1)
    bare = build_report(
        RunFacts(run_id="r", dataset="d", task=SENTIMENT, models={}, settings={}, started_at=""), COUNTS, scores, decide(scores, margin=0.05), created_at="now"
    )
    assert "Hold" in render_html(bare)
    assert render_markdown(bare).startswith("# Hold")


def failure(error: str = "InvalidInput", cause: str = HOSTILE) -> str:
    report = build_failure_report("run-1", "reviews", created_at="now", state="PrepareRun", error=error, cause=cause, counts={"seedsIn": 3}, deleted=[HOSTILE])
    return render_failure_html(report)


def test_the_failure_page_runs_no_script_at_all() -> None:
    seen = Tags(failure())
    assert not [tag for tag, _ in seen.tags if tag in {"script", "img"}]
    assert seen.text.count(HOSTILE) == 2
    assert "PrepareRun ended with InvalidInput." in seen.text
    assert "runs/run-1/0-run/rejected-seeds.jsonl" in seen.text


def test_failure_json_has_the_verdicts_place() -> None:
    report = build_failure_report("run-1", "reviews", created_at="now", state="AwaitTuning", error="TuningFailed", cause="bad data\nmore")
    data = json.loads(failure_json(report))
    assert data["verdict"] == {"decision": "failed", "headline": "Failed in AwaitTuning: TuningFailed.", "reasons": ["bad data", report.next_step]}
    text = render_failure_markdown(report)
    assert "    bad data\n    more\n" in text
    assert "Nothing: the run had created nothing" in text


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
    assert (points(-0.025), points(0.125), points(-0.0001), points(0.125, sign=False)) == ("−2.5", "+12.5", "0.0", "12.5")
    assert (usd(0), usd(12.3), usd(0.281), usd(0.0123), usd(0.00042)) == ("0 USD", "12.30 USD", "0.281 USD", "0.0123 USD", "0.000420 USD")
    assert (p_value(0.0004), p_value(0.0312)) == ("p < 0.001", "p = 0.031")
    assert (figure("latencyP95Ms", 1234.5), figure("outputTokens", 2.0), figure("accuracy", None)) == ("1,234 ms", "2.0", "–")
    assert (span("accuracy", 0.75, 0.892), span("latencyP95Ms", 5.0, None), span("outputTokens", 1.0, 2.0), span("x", None, None)) == (
        "75.0 to 89.2 %",
        "5 ms to …",
        "1.0 to 2.0",
        "",
    )


def test_words_and_markdown() -> None:
    assert (in_words("reserved_word"), in_words("seedsIn"), in_words("onDemand")) == ("reserved word", "seeds in", "on demand")
    assert markdown_text("a|b\n<i>*x*") == r"a\|b \<i\>\*x\*"


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("report_to_pages", {"numpy", "scipy"}),
        ("predictions_to_scores", {"plotly", "jinja2"}),
        ("scores_to_verdict", {"numpy", "scipy", "plotly"}),
        ("costs", {"numpy", "scipy", "plotly", "jinja2"}),
        ("failure_to_pages", {"numpy", "scipy", "plotly"}),
    ],
)
def test_a_function_needs_only_its_own_layers(module: str, absent: set[str]) -> None:
    """numpy and scipy are only in ScoreRun's layer, plotly only in WriteReport's."""
    code = f"import sys; sys.path.insert(0, 'functions'); import distillation.{module}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]).stdout.split()
    assert not absent & set(loaded)
