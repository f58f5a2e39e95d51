"""Smaller things that the stack rests on."""

import json
from typing import Any

import pytest

from tests.local.emulator.aws import Aws, unique, zipped

ENVIRONMENT = "import os\ndef handler(event, context): return dict(os.environ)"


def test_a_state_machine_publishes_to_sns(aws: Aws) -> None:
    topic, (url, queue_arn) = aws.sns.create_topic(Name=unique("topic"))["TopicArn"], aws.queue()
    aws.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn)
    arguments = {
        "TopicArn": topic,
        "Subject": "{% 'Run ' & $states.input.run %}",
        "Message": {"verdict": "{% $states.input.verdict %}"},
    }
    publish = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sns:publish",
        "Arguments": arguments,
        "Output": "{% $exists($states.result.MessageId) %}",
        "End": True,
    }
    assert aws.run({"Notify": publish}, {"run": "r1", "verdict": "promote"})["output"] is True
    [note] = aws.messages(url, 5)
    assert note["Subject"] == "Run r1"
    assert json.loads(note["Message"]) == {"verdict": "promote"}


def _layer(aws: Aws, name: str) -> str:
    archive = zipped({f"python/{name}.py": f"NAME = '{name}'"})
    return str(
        aws.lambda_.publish_layer_version(LayerName=unique("layer"), Content={"ZipFile": archive})["LayerVersionArn"]
    )


def _call(aws: Aws, function: str) -> Any:
    return json.loads(aws.lambda_.invoke(FunctionName=function, Payload=b"{}")["Payload"].read())


def test_layers_are_importable(aws: Aws) -> None:
    layers = [_layer(aws, name) for name in ("dependencies", "charts")]
    code = "import dependencies, charts\ndef handler(event, context): return [dependencies.NAME, charts.NAME]"
    assert _call(aws, aws.function(code, Layers=layers)) == ["dependencies", "charts"]


def test_functions_share_an_unpacked_layer(aws: Aws) -> None:
    layer = _layer(aws, "shared")
    first, second = (
        _call(aws, aws.function("import shared\ndef handler(event, context): return shared.__file__", Layers=[layer]))
        for _ in range(2)
    )
    assert first == second


def test_parameters_are_overwritten_only_on_demand(aws: Aws) -> None:
    name = f"/{unique('parameter')}/reviews/student"
    aws.ssm.put_parameter(Name=name, Value="first", Type="String")
    with pytest.raises(aws.ssm.exceptions.ParameterAlreadyExists):
        aws.ssm.put_parameter(Name=name, Value="second", Type="String")
    assert aws.ssm.put_parameter(Name=name, Value="second", Type="String", Overwrite=True)["Version"] == 2
    assert aws.ssm.get_parameter(Name=name)["Parameter"]["Value"] == "second"


def test_functions_see_nothing_of_the_users_shell(aws: Aws) -> None:
    seen = _call(aws, aws.function(ENVIRONMENT))
    assert not {"AWS_PROFILE", "AWS_CONFIG_FILE", "PYTHONPATH", "VIRTUAL_ENV", "NODE_PATH", "USER"} & set(seen)
    assert "/scratch" in seen["HOME"]
