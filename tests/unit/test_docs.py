"""What the documents promise: their size, their links, their commands, the figures of their examples."""

import contextlib
import io
import math
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.app import app
from cli.files.plan import plan_for
from distillation.run.evaluation import Gate

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path for pattern in ("*.md", "docs/**/*.md", "examples/**/*.md", "benchmarks/*.md") for path in ROOT.glob(pattern)
)
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives to the headings of a page."""
    titles = re.findall(r"^#+ (.+)$", _FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def commands(page: Path) -> Iterator[str]:
    """Calls of the AWS CLI, continued lines joined."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    for found in re.finditer(
        r"(?:^|[`(])aws ((?:bedrock|s3|ssm|sqs|stepfunctions|cloudformation|dynamodb|logs) [^`\n]+)", text, re.M
    ):
        yield found[1]


def test_readme_can_be_read_in_five_minutes() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.encode()) <= 8_192
    assert len(text.split()) <= 1_000


def test_operations_lists_every_command() -> None:
    table = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`python -m cli ([a-z]+)", table))
    assert {str(getattr(command.callback, "__name__", "")) for command in app.registered_commands} - named == set()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_lines_end_at_120_columns(page: Path) -> None:
    """A row of a table cannot be broken."""
    lines = enumerate(page.read_text(encoding="utf-8").splitlines(), 1)
    assert [number for number, line in lines if len(line) > 120 and not line.lstrip().startswith("|")] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for target in _LINK.findall(_CODE.sub("", _FENCE.sub("", page.read_text(encoding="utf-8")))):
        path, _, anchor = target.partition("#")
        if target.startswith(("http:", "https:")):
            continue
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "local-aws.md"], ids=name)
def test_each_command_of_aws_names_the_region(page: Path) -> None:
    """Another default region has no stack, no student, and says nothing of it."""
    assert [one for one in commands(page) if "--region us-east-1" not in one] == []


def test_pictures_are_small() -> None:
    pictures = sorted((ROOT / "docs" / "pictures").iterdir())
    assert [one.name for one in pictures] == ["report.png", "terminal.svg"]
    assert all(one.stat().st_size <= 150_000 for one in pictures)


def test_the_worked_example_gives_the_total_that_is_written_there() -> None:
    text = (ROOT / "docs" / "costs.md").read_text(encoding="utf-8")
    program = re.search(r"<<'END'\n(.*?)\nEND", text, re.DOTALL)
    total = re.search(r"\*\*total\*\* \| \*\*([\d.]+) USD\*\*", text)
    assert program and total
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(program[1], {})  # noqa: S102 (it is what the page tells to run)
    found = re.search(r"total_usd=([\d.]+)", printed.getvalue())
    assert found and f"{float(found[1]):.2f}" == total[1]


def test_items_against_margin_are_what_plan_prints() -> None:
    """The first table of docs/report.md is of an equal student, the second of one that is 2 points worse, the third of
    a category.
    """
    page = (ROOT / "docs" / "report.md").read_text(encoding="utf-8")
    tables = page.partition("## Items against margin")[2].partition("\n## ")[0].split("\n\n")
    rows = [[re.sub(r"[^\d.]", "", cell) for cell in row.split("|")[1:-1]] for row in "\n".join(tables).splitlines()]
    rows = [[float(cell) for cell in row] for row in rows if row and all(row)]
    plan = plan_for(Gate(), 0.2, (0.02, 0.03, 0.05, 0.1), ())
    assert rows == [
        *([100 * row.differs, *row.equal] for row in plan.rows),
        *([100 * row.differs, *filter(None, row.worse)] for row in plan.rows),
        *([100 * row.differs, math.ceil(row.slice_margin * 1000) / 10] for row in plan.rows),
    ]


def files_named(text: str) -> set[str]:
    return set(re.findall(r"`([\w/.-]+/[\w.-]+\.(?:py|json|toml))`", text))


def test_the_walk_of_one_seed_names_files_that_exist_and_not_too_many() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    walk = page.partition("## One seed, from upload to verdict")[2].partition("\n## ")[0]
    named = {name for name in files_named(walk) if not name.startswith("0-run/")}
    assert 20 < len(named) <= 40
    assert [
        name for name in sorted(named) if not ((ROOT / "functions" / name).exists() or (ROOT / name).exists())
    ] == []


def test_contributing_names_files_that_exist() -> None:
    named = files_named((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    assert len(named) > 15
    assert [
        name for name in sorted(named) if not ((ROOT / name).exists() or (ROOT / "functions" / name).exists())
    ] == []


def test_each_commit_is_checked_by_the_tools_of_make_lint() -> None:
    lint = re.search(r"^lint:.*\n\t@(.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    hooks = re.findall(r"entry: \.venv/bin/(.*?) --force-exclude", (ROOT / ".pre-commit-config.yaml").read_text())
    assert lint
    assert {hook.removesuffix(" .") for hook in re.findall(r"\$\(BIN\)/(ruff [a-z]+(?: --check)?)", lint[1])} == set(
        hooks
    )
