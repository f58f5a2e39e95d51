"""The parts of JSONata states that the state machine uses."""

from tests.local.emulator.aws import Aws, invoke

ECHO = "def handler(event, context): return event"
BUSY = """
    import time
    def handler(event, context):
        begun = time.time()
        time.sleep(0.4)
        return [begun, time.time()]
"""


def test_succeed_output(aws: Aws) -> None:
    assert aws.run({"Done": {"Type": "Succeed", "Output": {"verdict": "{% $states.input.v %}"}}}, {"v": "promote"})[
        "output"
    ] == {"verdict": "promote"}


def test_max_concurrency_as_an_expression(aws: Aws) -> None:
    fan_out = _map(
        invoke(aws.function(BUSY), {}, Output="{% $states.result.Payload %}", End=True),
        MaxConcurrency="{% $states.input.most %}",
    )
    spans = aws.run({"Fan": fan_out}, {"items": [1, 2, 3, 4, 5, 6], "most": 2})["output"]
    at_once = [sum(begun <= moment < end for begun, end in spans) for moment, _ in spans]
    assert max(at_once) == 2


def test_variables_are_seen_inside_a_map_and_stay_there(aws: Aws) -> None:
    item = {
        "Type": "Pass",
        "Assign": {"inner": "{% $states.input %}"},
        "Output": "{% $run & '/' & $states.input %}",
        "End": True,
    }
    states = {
        "First": {"Type": "Pass", "Assign": {"run": "{% $states.input.run %}"}, "Next": "Fan"},
        "Fan": _map(item, end=False),
        "Last": {"Type": "Pass", "Output": "{% {'all': $states.input, 'leaked': $exists($inner)} %}", "End": True},
    }
    assert aws.run(states, {"run": "r1", "items": ["a", "b"]})["output"] == {"all": ["r1/a", "r1/b"], "leaked": False}


def test_arrays_of_one_stay_arrays(aws: Aws) -> None:
    states = {
        "Call": invoke(
            aws.function(ECHO),
            {"shards": "{% $states.input.shards %}"},
            Assign={"shards": "{% $states.result.Payload.shards %}"},
            Output={},
            Next="Fan",
        ),
        "Fan": {**_map({"Type": "Pass", "End": True}, end=False), "Items": "{% $shards %}"},
        "Last": {"Type": "Pass", "Output": {"fanned": "{% $states.input %}", "assigned": "{% $shards %}"}, "End": True},
    }
    shard = {"index": 0, "keys": ["only"]}
    assert aws.run(states, {"shards": [shard]})["output"] == {"fanned": [shard], "assigned": [shard]}


def test_empty_items_make_an_empty_result(aws: Aws) -> None:
    assert aws.run({"Fan": _map({"Type": "Pass", "End": True})}, {"items": []})["output"] == []


def test_item_selector_sees_index_and_value(aws: Aws) -> None:
    selector = {"at": "{% $states.context.Map.Item.Index %}", "is": "{% $states.context.Map.Item.Value %}"}
    assert aws.run({"Fan": _map({"Type": "Pass", "End": True}, ItemSelector=selector)}, {"items": ["a"]})["output"] == [
        {"at": 0, "is": "a"}
    ]


def test_a_map_catches_its_items_errors(aws: Aws) -> None:
    item = {"Type": "Fail", "Error": "RecordsLost", "Cause": "3 ids"}
    catch = [{"ErrorEquals": ["RecordsLost"], "Output": "{% $states.errorOutput %}", "Next": "Caught"}]
    ended = aws.run({"Fan": _map(item, Catch=catch), "Caught": {"Type": "Pass", "End": True}}, {"items": [1]})
    assert ended["output"] == {"Error": "RecordsLost", "Cause": "3 ids"}


def test_choice_output_and_default(aws: Aws) -> None:
    choice = {
        "Type": "Choice",
        "Choices": [{"Condition": "{% $states.input.missing > 0 %}", "Output": {"went": "retry"}, "Next": "End"}],
        "Output": {"went": "on"},
        "Default": "End",
    }
    states = {"Missing": choice, "End": {"Type": "Pass", "End": True}}
    assert aws.run(states, {"missing": 1})["output"] == {"went": "retry"}
    assert aws.run(states, {"missing": 0})["output"] == {"went": "on"}


def _map(item: dict[str, object], end: bool = True, **fields: object) -> dict[str, object]:
    processor = {"ProcessorConfig": {"Mode": "INLINE"}, "StartAt": "Item", "States": {"Item": item}}
    return {
        "Type": "Map",
        "Items": "{% $states.input.items %}",
        "ItemProcessor": processor,
        **({"End": True} if end else {"Next": "Last"}),
        **fields,
    }
