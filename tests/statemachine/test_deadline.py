"""A batch job that never ends, and a deadline: the run stops it, keeps what it wrote and asks the rest by itself."""

from collections.abc import Callable
from typing import Any

from tests.flow import LABELS, App, check_counts, jsonl, reviews

SEEDS = 22
RECORDS = SEEDS * 5
UNTIL_THE_CUT_OFF = 60
DEADLINE = RECORDS / 100 / 60 / 0.8 + 0.25 + UNTIL_THE_CUT_OFF / 3600
"""Hours: the requests at 80 % of 100 a minute, what stopping may take, and the seconds that batch jobs have."""


def tell(app: App) -> dict[str, Any]:
    """The run, ended."""
    app.fault("slowJob", jobName="nova-distill-deadline-w", seconds=3600, share=0.5, times=None)
    app.upload("seeds/deadline/input.json", b'{"split": {"holdoutShare": 0.3}}')
    app.upload("seeds/deadline/seeds.JSONL", jsonl(reviews(SEEDS)))
    return app.wait(app.start("deadline", {"dataset": "deadline", "task": LABELS, "deadlineHours": DEADLINE}))


def test_at_the_deadline_the_job_is_stopped_and_the_rest_comes_through_the_flex_tier(
    app: App, told: Callable[[str], dict[str, Any]]
) -> None:
    ended = told(__name__)
    assert ended["status"] == "SUCCEEDED", ended.get("cause")
    report = app.json("runs/deadline/8-report/report.json")
    check_counts(report["counts"])
    assert report["counts"]["answers"] == RECORDS
    ways = {line["route"]: line["answers"] for line in report["costs"]["lines"] if line["stage"] == "teacher"}
    assert ways == {"batch": RECORDS / 2, "flex": RECORDS / 2}
    assert report["cutOff"]
    assert app.jobs("nova-distill-deadline-w") == ["nova-distill-deadline-w00-s0000"]
    page = app.read("runs/deadline/8-report/report.md").decode()
    assert "55 answers of the teacher came in batch jobs, 55 answers of the teacher came through the flex tier." in page
