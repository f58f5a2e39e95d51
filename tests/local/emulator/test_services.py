"""Smaller things that the stack rests on."""

import json

import pytest

from tests.local.emulator.aws import Aws, unique, zipped

ENVIRONMENT = "import os\ndef handler(event, context): return dict(os.environ)"


def test_a_state_machine_publishes_to_sns(aws: Aws) -> None:
    topic, (url, queue_arn) = aws.sns.create_topic(Name=unique("topic"))["TopicArn"], aws.queue()
    aws.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn)
    arguments = {"TopicArn": topic, "Subject": "{% 'Run ' & $states.input.run %}", "Message": {"verdict": "{% $states.input.verdict %}"}}
    publish = {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "Arguments": arguments, "Output": "{% $exists($states.result.MessageId) %}", "End": True}
    assert aws.run({"Notify": publish}, {"run": "r1", "verdict": "promote"})["output"] is True
    [note] = aws.messages(url, 5)
    assert note["Subject"] == "Run r1"
    assert json.loads(note["Message"]) == {"verdict": "promote"}


def test_layers_are_importable(aws: Aws) -> None:
    layers = [
        aws.lambda_.publish_layer_version(LayerName=unique("layer"), Content={"ZipFile": zipped({f"python/{name}.py": f"NAME = '{name}'"})})["LayerVersionArn"]
        for name in ("dependencies", "statistics_layer")
    ]
    code = "import dependencies, statistics_layer\ndef handler(event, context): return [dependencies.NAME, statistics_layer.NAME]"
    reply = aws.lambda_.invoke(FunctionName=aws.function(code, Layers=layers), Payload=b"{}")
    assert json.loads(reply["Payload"].read()) == ["dependencies", "statistics_layer"]


def test_functions_share_an_unpacked_layer(aws: Aws) -> None:
    layer = aws.lambda_.publish_layer_version(LayerName=unique("layer"), Content={"ZipFile": zipped({"python/shared.py": "NAME = 'shared'"})})["LayerVersionArn"]
    functions = [aws.function("import shared\ndef handler(event, context): return shared.__file__", Layers=[layer]) for _ in range(2)]
    first, second = (json.loads(aws.lambda_.invoke(FunctionName=function, Payload=b"{}")["Payload"].read()) for function in functions)
    assert first == second


def test_parameters_are_overwritten_only_on_demand(aws: Aws) -> None:
    name = f"/{unique('parameter')}/reviews/student"
    aws.ssm.put_parameter(Name=name, Value="first", Type="String")
    with pytest.raises(aws.ssm.exceptions.ParameterAlreadyExists):
        aws.ssm.put_parameter(Name=name, Value="second", Type="String")
    assert aws.ssm.put_parameter(Name=name, Value="second", Type="String", Overwrite=True)["Version"] == 2
    assert aws.ssm.get_parameter(Name=name)["Parameter"]["Value"] == "second"


def test_functions_see_nothing_of_the_users_shell(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    reply = aws.lambda_.invoke(FunctionName=aws.function(ENVIRONMENT), Payload=b"{}")
    seen = json.loads(reply["Payload"].read())
    assert not {"AWS_PROFILE", "AWS_CONFIG_FILE", "PYTHONPATH", "VIRTUAL_ENV", "NODE_PATH", "USER"} & set(seen)
    assert "/scratch" in seen["HOME"]
