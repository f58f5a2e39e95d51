"""One whole run where every Lambda role is enforced and everything speaks TLS: the roles are enough."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local import lifecycle
from tests.attempts import documented, table, try_all
from tests.flow import EVERYTHING, LABELS, App, check_counts, jsonl, reviews, running_app


@pytest.fixture(scope="module")
def strict_app(tmp_path_factory: pytest.TempPathFactory, teacher: None, told: Callable[[str], Any]) -> Iterator[App]:
    """The app on a local AWS that checks every signature and role. The stories of the other one go on meanwhile."""
    home = Path(tmp_path_factory.mktemp("strict-aws"))
    try:
        yield running_app(home, tls=True)
    finally:
        lifecycle.down(home)


def test_a_run_through_every_state_of_the_good_path_succeeds_with_the_roles_as_they_are(strict_app: App) -> None:
    strict_app.upload("seeds/strict/seeds.JSONL", jsonl(reviews(88)))
    settings = EVERYTHING | {
        "dataset": "strict",
        "pilot": 10,
        "expansion": {"targetPrompts": 6, "promptsPerRequest": 3, "onTopic": 0},
    }
    started = strict_app.start("strict", settings)
    run = strict_app.wait(started)
    assert run["status"] == "SUCCEEDED", run.get("cause")
    report = strict_app.json("runs/strict/8-report/report.json")
    check_counts(report["counts"])
    assert report["counts"]["expanded"] > 0
    assert report["judge"]["comparisons"] is not None
    assert strict_app.parameter("strict")["runId"] == "strict"


def test_each_role_may_do_what_it_must_and_nothing_else_and_the_document_says_so(strict_app: App) -> None:
    tried = try_all(strict_app)
    assert tried.wrong == []
    assert documented() == table(tried), "docs/security.md is behind: make attempts"


def test_without_its_policies_a_function_may_not_even_read_so_the_roles_are_what_allows_it(strict_app: App) -> None:
    iam, role = strict_app.client("iam"), role_of(strict_app, "PrepareRun")
    for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        iam.delete_role_policy(RoleName=role, PolicyName=policy)
    run = strict_app.wait(strict_app.start("stripped", {"dataset": "strict", "task": LABELS}))
    assert run["status"] == "FAILED"
    assert "AccessDenied" in run["cause"]
    assert "PrepareRun" in strict_app.json("runs/stripped/8-report/report.json")["state"]


def role_of(app: App, function: str) -> str:
    """The name of a function's role."""
    pages = app.client("lambda").get_paginator("list_functions").paginate()
    [arn] = [
        found["Role"]
        for page in pages
        for found in page["Functions"]
        if f"Functions{function}" in found["FunctionName"]
    ]
    return str(arn.rsplit("/", 1)[1])
