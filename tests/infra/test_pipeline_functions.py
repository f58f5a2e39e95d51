"""Handler file = function = construct, each with its log, its layers and Powertools."""

import ast
import tomllib
from pathlib import Path

import pytest

from infra.packaging.wheels import FUNCTIONS, Layer
from infra.pipeline_functions import SIZES, pascal
from tests.infra.synthesis import Assembly


def handler_files() -> set[str]:
    """The modules of functions/handlers that define `handler`."""
    return {file.stem for file in (FUNCTIONS / "handlers").glob("*.py") if "handler" in defined_names(file)}


def defined_names(file: Path) -> set[str]:
    body = ast.parse(file.read_text(encoding="utf-8")).body
    functions = {node.name for node in body if isinstance(node, ast.FunctionDef)}
    return functions | {
        target.id
        for node in body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def test_every_handler_file_is_a_function_and_the_other_way_round(assembly: Assembly) -> None:
    deployed = {function["Properties"]["Handler"] for function in assembly.resources("AWS::Lambda::Function").values()}
    assert deployed == {f"handlers.{name}.handler" for name in handler_files()}
    assert set(SIZES) == handler_files()


@pytest.mark.parametrize("name", SIZES)
def test_each_function_runs_alike(assembly: Assembly, name: str) -> None:
    function = assembly.properties("AWS::Lambda::Function", f"Functions/{pascal(name)}")
    assert (function["Runtime"], function["Architectures"]) == ("python3.13", ["arm64"])
    assert function["TracingConfig"] == {"Mode": "Active"}
    assert (function["MemorySize"], function["Timeout"]) == (SIZES[name].memory, SIZES[name].seconds)
    log = assembly.logical_id("AWS::Logs::LogGroup", f"Functions/{pascal(name)}Log")
    assert function["LoggingConfig"] == {"LogGroup": {"Ref": log}}
    assert assembly.properties("AWS::Logs::LogGroup", f"Functions/{pascal(name)}Log")["RetentionInDays"] == 90


def test_a_new_account_takes_every_function(assembly: Assembly) -> None:
    """3,008 MB is what Lambda gives a new account; more rolls the whole stack back."""
    functions = assembly.resources("AWS::Lambda::Function").values()
    assert [f["Properties"]["Handler"] for f in functions if f["Properties"]["MemorySize"] > 3008] == []


@pytest.mark.parametrize("name", [name for name, size in SIZES.items() if size.memory > 512])
def test_what_handles_a_whole_file_has_room_for_it_on_its_disk(assembly: Assembly, name: str) -> None:
    """A shard has up to 1 GB and a file under construction is spooled; 512 MB are Lambda's default."""
    function = assembly.properties("AWS::Lambda::Function", f"Functions/{pascal(name)}")
    assert function["EphemeralStorage"] == {"Size": 10_240}


CURATING = ("plan_expansion", "read_expansion", "reduce_shard", "plan_ratings", "assemble_dataset")
OWN_LAYERS = {"choose_student": [Layer.STATISTICS], "score_run": [Layer.STATISTICS], "write_report": [Layer.CHARTS]} | {
    name: [Layer.CURATION] for name in CURATING
}


@pytest.mark.parametrize("name", SIZES)
def test_each_function_has_the_layers_it_imports(assembly: Assembly, name: str) -> None:
    layers = assembly.properties("AWS::Lambda::Function", f"Functions/{pascal(name)}")["Layers"]
    wanted = [Layer.DEPENDENCIES, *OWN_LAYERS.get(name, [])]
    assert {layer["Ref"] for layer in layers} == {
        assembly.logical_id("AWS::Lambda::LayerVersion", f"Functions/{layer.capitalize()}") for layer in wanted
    }


@pytest.mark.parametrize("name", SIZES)
def test_each_function_knows_its_deployment(assembly: Assembly, name: str) -> None:
    variables = assembly.properties("AWS::Lambda::Function", f"Functions/{pascal(name)}")["Environment"]["Variables"]
    own = {"STATE_MACHINE_ARN"} if name == "start_run" else set()
    shared = {key for key in environment_keys() if key not in {"STATE_MACHINE_ARN"}}
    powertools = {"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_LOG_LEVEL"}
    assert set(variables) == shared | own | powertools
    assert (
        variables["APP_RELEASE"]
        == tomllib.loads((FUNCTIONS.parent / "pyproject.toml").read_text())["project"]["version"]
    )
    assert variables["BUCKET_NAME"] == {"Ref": assembly.logical_id("AWS::S3::Bucket", "Storage/Runs")}
    assert (variables["TEACHER_INVOKE_ID"], variables["STUDENT_MODEL_ID"], variables["STUDENT_INVOKE_ID"]) == (
        "amazon.nova-pro-v1:0",
        "amazon.nova-micro-v1:0:128k",
        "amazon.nova-micro-v1:0",
    )


def environment_keys() -> set[str]:
    """The names that functions/settings.py reads."""
    constants = (
        node.value
        for node in ast.walk(ast.parse((FUNCTIONS / "settings.py").read_text()))
        if isinstance(node, ast.Constant)
    )
    return {value for value in constants if isinstance(value, str) and value.isupper() and "_" in value}


def test_the_code_asset_is_the_code_and_nothing_else(assembly: Assembly) -> None:
    [code] = [folder for folder in assembly.folder.glob("asset.*") if (folder / "handlers").is_dir()]
    shipped = {file.relative_to(code).as_posix() for file in code.rglob("*") if file.is_file()}
    assert {"settings.py", "handlers/prepare_run.py", "distillation/records.py"} <= shipped
    assert not {
        file for file in shipped if "requirements" in file or "__pycache__" in file or file.startswith("tests/")
    }


def test_the_layers_say_what_they_are_for(assembly: Assembly) -> None:
    for layer in Layer:
        properties = assembly.properties("AWS::Lambda::LayerVersion", f"Functions/{layer.capitalize()}")
        assert properties["CompatibleRuntimes"] == ["python3.13"]
        assert properties["CompatibleArchitectures"] == ["arm64"]
        assert properties["Description"] == f"{layer} for aarch64-manylinux_2_28, Python 3.13"
