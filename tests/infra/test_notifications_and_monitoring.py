"""Who hears of a run's end, and of what nobody would see otherwise."""

from aws_cdk import App, Stack
from aws_cdk.assertions import Match, Template

from infra.notifications import Notifications
from infra.packaging.wheels import ROOT
from tests.infra.synthesis import Assembly


def test_the_topic_refuses_plain_http_and_lets_this_accounts_alarms_in(assembly: Assembly) -> None:
    statements = {
        s["Sid"]: s
        for s in assembly.properties("AWS::SNS::TopicPolicy", "Notifications/Topic/Policy")["PolicyDocument"][
            "Statement"
        ]
    }
    assert statements["AllowPublishThroughSSLOnly"]["Effect"] == "Deny"
    alarms = statements["AlarmsOfThisAccount"]
    assert alarms["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert alarms["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    assert alarms["Condition"]["ArnLike"]["aws:SourceArn"]["Fn::Join"][1][-1] == ":alarm:*"


def test_messages_are_encrypted_with_a_key_that_alarms_may_use(assembly: Assembly) -> None:
    """CloudWatch may not use alias/aws/sns, and an alarm that cannot encrypt its message is lost in silence."""
    key_id = assembly.logical_id("AWS::KMS::Key", "Notifications/Key")
    topic = assembly.properties("AWS::SNS::Topic", "Notifications/Topic")
    assert topic["KmsMasterKeyId"] == {"Fn::GetAtt": [key_id, "Arn"]}
    key = assembly.properties("AWS::KMS::Key", "Notifications/Key")
    assert key["EnableKeyRotation"] is True
    alarms = [s for s in key["KeyPolicy"]["Statement"] if s["Principal"] == {"Service": "cloudwatch.amazonaws.com"}]
    assert [s["Action"] for s in alarms] == [["kms:Decrypt", "kms:GenerateDataKey*"]]
    assert alarms[0]["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_nobody_is_subscribed_unasked(assembly: Assembly) -> None:
    assert not assembly.resources("AWS::SNS::Subscription")


def test_an_e_mail_address_is_subscribed() -> None:
    stack = Stack(App(), "Notify")
    Notifications(stack, "Notifications", display_name="nova-distill", email="ml@example.com")
    Template.from_stack(stack).has_resource_properties(
        "AWS::SNS::Subscription", {"Protocol": "email", "Endpoint": "ml@example.com", "TopicArn": Match.any_value()}
    )


def test_what_is_watched(assembly: Assembly) -> None:
    watched = {
        (alarm["Properties"]["Namespace"], alarm["Properties"]["MetricName"])
        for alarm in assembly.resources("AWS::CloudWatch::Alarm").values()
    }
    assert watched == {
        ("AWS/States", "ExecutionsFailed"),
        ("AWS/States", "ExecutionsTimedOut"),
        ("AWS/States", "ExecutionThrottled"),
        ("AWS/Lambda", "Errors"),
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible"),
    }


def test_the_functions_outside_the_machine_and_every_dead_letter_queue_have_an_alarm(assembly: Assembly) -> None:
    dimensions = [
        d["Value"]
        for alarm in assembly.resources("AWS::CloudWatch::Alarm").values()
        for d in alarm["Properties"]["Dimensions"]
    ]
    for function in ("JobChanged", "RunEnded", "StartRun"):
        assert {"Ref": assembly.logical_id("AWS::Lambda::Function", f"Functions/{function}")} in dimensions
    for queue in ("SeedTrigger/DeadLetters", "JobEvents/DeadLetters", "RunEvents/DeadLetters"):
        assert {"Fn::GetAtt": [assembly.logical_id("AWS::SQS::Queue", queue), "QueueName"]} in dimensions


def test_the_runbook_says_what_to_do_at_every_alarm(assembly: Assembly) -> None:
    runbook = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    named = [alarm["Metadata"]["aws:cdk:path"] for alarm in assembly.resources("AWS::CloudWatch::Alarm").values()]
    alarms = {path.split("/")[-2] for path in named}
    assert {alarm for alarm in alarms if alarm not in runbook} == set()
    assert len(alarms) == 9, "docs/costs.md names their number"


def test_every_alarm_tells_the_topic_and_sleeps_without_data(assembly: Assembly) -> None:
    topic = {"Ref": assembly.logical_id("AWS::SNS::Topic", "Notifications/Topic")}
    for alarm in assembly.resources("AWS::CloudWatch::Alarm").values():
        assert alarm["Properties"]["AlarmActions"] == [topic]
        assert alarm["Properties"]["TreatMissingData"] == "notBreaching"
        assert alarm["Properties"]["ComparisonOperator"] == "GreaterThanThreshold"
        assert alarm["Properties"]["AlarmDescription"].endswith(".")
