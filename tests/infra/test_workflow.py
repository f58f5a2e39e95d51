"""The state machine as deployed: state = handler = construct = placeholder, every placeholder filled, logged and
traced.
"""

import json
import re
from pathlib import Path

import pytest

from infra.packaging.machine_text import PlaceholdersDoNotMatch, State, definition_text, states_of, whole_machine
from infra.packaging.wheels import FUNCTIONS
from infra.pipeline_functions import OUTSIDE_THE_MACHINE, SIZES, pascal
from tests.infra.synthesis import Assembly

SHARED = {
    "AwaitApproval": "AwaitApproval",
    "AwaitSpending": "AwaitApproval",
    "WriteApproval": "WriteReport",
}
"""States of a function that bears another's name, beside the waits for jobs."""


def lambda_tasks() -> list[tuple[str, State]]:
    return [
        (name, state) for name, state in states_of(whole_machine()) if ":lambda:invoke" in state.get("Resource", "")
    ]


def test_state_handler_construct_and_placeholder_are_one_word(assembly: Assembly) -> None:
    for state_name, state in lambda_tasks():
        placeholder = re.fullmatch(r"\$\{(\w+)Arn\}", state["Arguments"]["FunctionName"])
        assert placeholder, f"{state_name} calls {state['Arguments']['FunctionName']}"
        word = placeholder[1]
        waits = "AwaitJob" if state_name.startswith("Await") else state_name
        assert word == SHARED.get(state_name, waits)
        handler = re.sub(r"(?<!^)(?=[A-Z])", "_", word).lower()
        assert (FUNCTIONS / "handlers" / f"{handler}.py").is_file(), f"{state_name} has no handler file"
        assert (
            assembly.properties("AWS::Lambda::Function", f"Functions/{word}")["Handler"]
            == f"handlers.{handler}.handler"
        )


def test_every_function_of_the_table_is_a_task_or_stands_outside() -> None:
    called = {state["Arguments"]["FunctionName"] for _, state in lambda_tasks()}
    assert called == {f"${{{pascal(name)}Arn}}" for name in SIZES if name not in OUTSIDE_THE_MACHINE}


def test_the_deployed_definition_is_the_whole_machine(assembly: Assembly) -> None:
    machine = assembly.properties("AWS::StepFunctions::StateMachine", "Workflow/Distillation")
    assert json.loads(machine["DefinitionString"]) == whole_machine()
    substitutions = machine["DefinitionSubstitutions"]
    assert (substitutions["AwaitHeartbeatSeconds"], substitutions["DeploymentHeartbeatSeconds"]) == ("900", "60")
    assert substitutions["PrepareRunArn"] == {
        "Fn::GetAtt": [assembly.logical_id("AWS::Lambda::Function", "Functions/PrepareRun"), "Arn"]
    }
    assert substitutions["NotificationTopicArn"] == {
        "Ref": assembly.logical_id("AWS::SNS::Topic", "Notifications/Topic")
    }


def test_the_machine_is_logged_traced_and_bounded(assembly: Assembly) -> None:
    machine = assembly.properties("AWS::StepFunctions::StateMachine", "Workflow/Distillation")
    assert machine["StateMachineName"] == "nova-distill"
    assert machine.get("StateMachineType", "STANDARD") == "STANDARD"
    assert machine["TracingConfiguration"] == {"Enabled": True}
    assert (machine["LoggingConfiguration"]["Level"], machine["LoggingConfiguration"]["IncludeExecutionData"]) == (
        "ALL",
        False,
    )
    assert assembly.properties("AWS::Logs::LogGroup", "Workflow/Log")["LogGroupName"].startswith(
        "/aws/vendedlogs/states/"
    )
    assert json.loads(machine["DefinitionString"])["TimeoutSeconds"] > 0


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, r"no value for \['PrepareRunArn'\]; values that no state uses: \[\]"),
        (
            {"PrepareRunArn": "a", "JudgeArmsArn": "b"},
            r"no value for \[\]; values that no state uses: \['JudgeArmsArn'\]",
        ),
    ],
)
def test_a_placeholder_without_value_and_a_value_without_placeholder_stop_the_synthesis(
    tmp_path: Path, values: dict[str, str], told: str
) -> None:
    definition = tmp_path / "machine.asl.json"
    definition.write_text(
        json.dumps(
            {
                "StartAt": "PrepareRun",
                "States": {"PrepareRun": {"Type": "Task", "Arguments": {"FunctionName": "${PrepareRunArn}"}}},
            }
        )
    )
    with pytest.raises(PlaceholdersDoNotMatch, match=told):
        definition_text(definition, values)
