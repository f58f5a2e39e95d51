"""The walls of the house: who may import whom, who may read the environment; one word a thing from state to handler."""

import ast
import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parents[2]
FUNCTIONS = ROOT / "functions"
OUTSIDE_THE_MACHINE = {"job_changed", "run_ended", "start_run"}
"""Handlers that EventBridge and SQS call, not a state."""
MOST_MODULES, MOST_PARAMETERS = 16, 6


def test_the_import_contracts_of_pyproject_hold(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(FUNCTIONS))
    broken = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True)
    assert broken == 0, capsys.readouterr().out


def modules(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def mentions(source: str, *dotted: str) -> Iterator[str]:
    """Names like `os.environ` that a module reads, by attribute or by import."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield from (name for name in dotted if f"{node.value.id}.{node.attr}" == name)
        if isinstance(node, ast.ImportFrom):
            yield from (name for name in dotted for alias in node.names if f"{node.module}.{alias.name}" == name)


@pytest.mark.parametrize(
    "source", ["import os\nx = os.environ['A']", "from os import environ", "import os\nos.getenv('A')"]
)
def test_a_look_at_the_environment_is_seen(source: str) -> None:
    assert list(mentions(source, "os.environ", "os.getenv"))


def test_settings_alone_reads_the_environment() -> None:
    readers = {
        path.relative_to(FUNCTIONS).as_posix()
        for path in modules("functions")
        if list(mentions(path.read_text(), "os.environ", "os.getenv"))
    }
    assert readers == {"settings.py"}


@pytest.mark.parametrize("path", modules("functions/distillation"), ids=lambda path: path.name)
def test_the_domain_takes_clock_and_ids_as_arguments(path: Path) -> None:
    clocks = ("datetime.now", "datetime.utcnow", "date.today", "time.time", "time.monotonic", "uuid.uuid4")
    assert list(mentions(path.read_text(), *clocks)) == []


def test_boto3_is_imported_by_gateways_only() -> None:
    importers = {
        path.relative_to(ROOT).parts[1]
        for path in modules("functions")
        if re.search(r"^\s*(import|from) (boto3|botocore)\b", path.read_text(), re.MULTILINE)
    }
    assert importers == {"gateways"}


def test_no_folder_has_more_modules_than_one_can_overlook() -> None:
    everywhere = modules("functions", "cli", "infra", "local", "tests", "benchmarks")
    counts = Counter(path.parent for path in everywhere if path.stem != "__init__")
    one_a_state = FUNCTIONS / "handlers"
    assert [folder for folder, count in counts.items() if count > MOST_MODULES and folder != one_a_state] == []


def parsed(folder: str) -> Iterator[tuple[str, ast.Module]]:
    yield from ((path.relative_to(ROOT).as_posix(), ast.parse(path.read_text())) for path in modules(folder))


def public_names(module: ast.Module) -> Iterator[str]:
    """Classes, functions and constants at the top of a module; single letters are type variables."""
    for node in module.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield node.name
        for target in node.targets if isinstance(node, ast.Assign) else ():
            yield from (name.id for name in ast.walk(target) if isinstance(name, ast.Name))


def test_no_public_name_means_two_things() -> None:
    homes: dict[str, set[str]] = {}
    for path, module in parsed("functions"):
        for name in public_names(module):
            if not name.startswith("_") and len(name) > 1 and name not in ("run", "handler"):
                homes.setdefault(name, set()).add(path)
    assert {name: sorted(paths) for name, paths in homes.items() if len(paths) > 1} == {}


def test_no_function_has_more_than_six_parameters() -> None:
    """`cli` takes the options of a command as parameters, so it is not asked."""
    long = [
        f"{path}: {node.name}"
        for path, module in parsed("functions")
        for node in ast.walk(module)
        if isinstance(node, ast.FunctionDef)
        and len({each.arg for each in (*node.args.args, *node.args.kwonlyargs)} - {"self", "cls"}) > MOST_PARAMETERS
    ]
    assert long == []


def test_the_unit_tests_mirror_the_rooms_of_what_they_test() -> None:
    """`paths` goes across rooms; a test of a folder's outside stands beside those of its modules."""
    tests = ROOT / "tests" / "unit"
    rooms = {path.parent.relative_to(tests) for path in tests.rglob("test_*.py")} - {Path(), Path("paths")}
    homes = (FUNCTIONS / "distillation", FUNCTIONS, ROOT)
    assert [room for room in rooms if not any((home / room / "__init__.py").exists() for home in homes)] == []
    domain = {path.parent for path in (FUNCTIONS / "distillation").glob("*/*.py") if path.stem != "__init__"}
    assert [room for room in domain if Path(room.name) not in rooms] == []


def states(machine: dict[str, dict[str, object]]) -> Iterator[tuple[str, dict[str, object]]]:
    for name, state in machine.items():
        yield name, state
        inner = state.get("ItemProcessor")
        if isinstance(inner, dict):
            yield from states(inner["States"])


SHARED = {"AwaitApproval": "AwaitApproval", "AwaitSpending": "AwaitApproval", "WriteApproval": "WriteReport"}
"""States of a function that bears another's name, beside the waits for jobs."""


def test_a_state_is_called_like_its_handler_and_its_placeholder() -> None:
    machine = json.loads((ROOT / "statemachine/distillation.asl.json").read_text())["States"]
    called: set[str] = set()
    for name, state in states(machine):
        arguments = state.get("Arguments")
        function = arguments.get("FunctionName", "") if isinstance(arguments, dict) else ""
        if function:
            expected = SHARED.get(name, "AwaitJob" if name.startswith("Await") else name)
            assert function == f"${{{expected}Arn}}", name
            called.add(re.sub(r"(?<!^)(?=[A-Z])", "_", expected).lower())
    handlers = {path.stem for path in (FUNCTIONS / "handlers").glob("*.py")} - {"__init__"}
    assert called == handlers - OUTSIDE_THE_MACHINE


def test_every_state_says_what_enters_and_what_leaves() -> None:
    machine = json.loads((ROOT / "statemachine/distillation.asl.json").read_text())["States"]
    assert [name for name, state in states(machine) if not state.get("Comment")] == []


def test_every_choice_has_a_default() -> None:
    machine = json.loads((ROOT / "statemachine/distillation.asl.json").read_text())["States"]
    assert [name for name, state in states(machine) if state["Type"] == "Choice" and "Default" not in state] == []


@pytest.mark.parametrize(
    "name", [path.stem for path in (FUNCTIONS / "handlers").glob("*.py") if path.stem != "__init__"]
)
def test_handlers_are_thin(name: str) -> None:
    tree = ast.parse((FUNCTIONS / "handlers" / f"{name}.py").read_text())
    run = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "run")
    assert len([node for node in ast.walk(run) if isinstance(node, ast.stmt)]) <= 26, (
        "move what is more than parsing, calling, storing into the domain"
    )


INPUT_MODEL = {"pydantic", "jsonschema_rs"}
NUMBERS = {"numpy", "scipy", "rensa"}
PAGES = {"jinja2", "plotly"}
LATER = {"stdnum", "py3langid"}
"""What a function imports when a text first needs it."""
ALL = {path.stem for path in (FUNCTIONS / "handlers").glob("*.py")} - {"__init__"}
CURATING = {"plan_expansion", "read_expansion", "reduce_shard", "plan_ratings", "assemble_dataset"}
IMPORT_WALLS = {
    "waiting and starting read no run": (
        {"await_job", "job_changed", "start_run"},
        INPUT_MODEL | NUMBERS | PAGES | LATER,
    ),
    "numbers are for curation and scores": (ALL - CURATING - {"choose_student", "score_run"}, NUMBERS | LATER),
    "curation tests no hypothesis and draws no page": (CURATING, {"scipy"} | PAGES | LATER),
    "scores are not drawn": ({"choose_student", "score_run"}, PAGES | LATER),
}


@pytest.mark.parametrize("wall", IMPORT_WALLS)
def test_a_function_starts_without_the_libraries_that_it_does_not_need(wall: str) -> None:
    handlers, forbidden = IMPORT_WALLS[wall]
    program = (
        f"import importlib, sys\nfor name in {sorted(handlers)}: importlib.import_module('handlers.' + name)\n"
        f"print([name for name in {sorted(forbidden)} if name in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": str(FUNCTIONS), "POWERTOOLS_SERVICE_NAME": "test"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr
