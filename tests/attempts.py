"""`python -m tests.attempts`: every role tries everything, on a local AWS that enforces IAM.

Prints what came out otherwise than it must and writes the table of docs/security.md. Exit 1 where something did.
"""

import json
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from local import lifecycle
from local.paths import PROJECT
from tests.flow import App, running_app

DOCUMENT = PROJECT / "docs" / "security.md"
BEGIN, END = "<!-- attempts: made by `make attempts` -->\n", "<!-- end of attempts -->\n"
FOLDERS = ("seeds", "runs", "answers", "evaluation", "keys", "decisions")
NEVER = "never"
COLUMNS = (*FOLDERS, "ledger", "parameter", "calls", "submits", "on ours", "else")
PEOPLE = ("reader", "uploader", "approver", "deployer")
MODEL = "arn:aws:bedrock:us-east-1::foundation-model/"
OURS = "arn:aws:bedrock:us-east-1:000000000000:"
_RUN, _CACHE, _BUDGET = {"runs": "rw"}, {"runs": "rw", "answers": "rw"}, {"ledger": "rw"}
_SUBMIT = {"runs": "r", "ledger": "rw"}
_COMPLETE = {"ledger": "rw", "on ours": "stop", "else": "end a wait"}
_TAKE_BACK = {"ledger": "rw", "parameter": "r", "on ours": "delete model, delete, move, stop"}
MUST: dict[str, dict[str, str]] = {
    "AnswerNow": _RUN | {"calls": "teacher"},
    "AssembleDataset": _RUN | _BUDGET | {"evaluation": "r"},
    "AwaitApproval": _SUBMIT | {"on ours": "delete"},
    "AwaitJob": _COMPLETE | {"on ours": "delete, stop"},
    "ChooseStudent": _RUN | {"calls": "student"},
    "JobChanged": _COMPLETE,
    "PlanComparisons": _CACHE | _BUDGET | {"keys": "rw"},
    "PlanExpansion": _CACHE | _BUDGET,
    "PlanJudging": _RUN | _BUDGET,
    "PlanPilot": _CACHE | _BUDGET,
    "PlanPredictions": _RUN | _BUDGET | {"parameter": "r"},
    "PlanRatings": _CACHE | _BUDGET | {"evaluation": "r", "keys": "rw"},
    "PlanRequests": _CACHE | _BUDGET,
    "PlanRetryWave": _RUN | _BUDGET,
    "PredictArm": _RUN | {"calls": "teacher, base, student"},
    "PrepareRun": _RUN | _BUDGET | {"seeds": "r", "evaluation": "r", "parameter": "r", "calls": "teacher, base"},
    "PromoteStudent": _SUBMIT | {"runs": "rw", "parameter": "r", "submits": "deployment", "on ours": "move"},
    "ReadExpansion": _RUN,
    "ReadPilot": _RUN | {"calls": "base"},
    "ReadPredictions": _RUN,
    "ReadReplies": _CACHE,
    "ReduceShard": _RUN | {"calls": "embedder"},
    "RetireAfterFailure": _SUBMIT | _TAKE_BACK,
    "RetireStudent": _SUBMIT | {"parameter": "r", "on ours": "delete model, delete, stop"},
    "RunEnded": _RUN | _TAKE_BACK | {"else": "publish"},
    "ScoreRun": _RUN | {"decisions": "rw"},
    "StartBatch": _SUBMIT | {"submits": "batch"},
    "StartDeployment": _SUBMIT | {"submits": "deployment"},
    "StartJudging": _SUBMIT | {"submits": "evaluation"},
    "StartPredictions": _SUBMIT | {"submits": "batch"},
    "StartRun": {"else": "start a run"},
    "StartTuning": _SUBMIT | {"submits": "training"},
    "VerifyPromotion": _SUBMIT | {"runs": "rw", "parameter": "rw", "calls": "student", "on ours": "delete, move"},
    "WriteFailureReport": _RUN | _BUDGET,
    "WriteReport": _RUN | _BUDGET | {"parameter": "r"},
    "reader": {"seeds": "r", "runs": "r", "ledger": "r", "parameter": "r"},
    "uploader": {"seeds": "w", "else": "start a run"},
    "approver": _SUBMIT
    | {"runs": "rw", "parameter": "rw", "calls": "student", "submits": "deployment"}
    | {"on ours": "delete, move", "else": "end a wait"},
    "deployer": {"else": "deploy"},
}
"""What each role must be able to do, by column. All else must be refused."""
_SIMULATED = {
    "calls": {
        "teacher": ("InvokeModel", f"{MODEL}amazon.nova-pro-v1:0"),
        "base": ("InvokeModel", f"{MODEL}amazon.nova-micro-v1:0"),
        "embedder": ("InvokeModel", f"{MODEL}amazon.titan-embed-text-v2:0"),
        "student": ("InvokeModel", f"{OURS}custom-model-deployment/x"),
    },
    "submits": {
        "batch": ("CreateModelInvocationJob", f"{OURS}model-invocation-job/x"),
        "training": ("CreateModelCustomizationJob", f"{OURS}model-customization-job/x"),
        "deployment": ("CreateCustomModelDeployment", f"{OURS}custom-model/x"),
        "evaluation": ("CreateEvaluationJob", f"{OURS}evaluation-job/x"),
    },
    "on ours": {
        "delete model": ("DeleteCustomModel", f"{OURS}custom-model/x"),
        "delete": ("DeleteCustomModelDeployment", f"{OURS}custom-model-deployment/x"),
        "move": ("UpdateCustomModelDeployment", f"{OURS}custom-model-deployment/x"),
        "stop": ("StopModelInvocationJob", f"{OURS}model-invocation-job/x"),
    },
}
"""What the local Bedrock lets everybody do, so that IAM's simulator is asked: column -> word -> operation, resource."""
_OTHERS = {f"{word} others'": one for word, one in _SIMULATED["on ours"].items()}
_TAG = "aws:ResourceTag/app"
_TRUST = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}
_DENIED = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "AuthorizationErrorException"}


class Tried(NamedTuple):
    """What became of all attempts of all roles: role -> column -> what was allowed, in the words of `MUST`."""

    allowed: dict[str, dict[str, str]]
    attempts: int

    @property
    def wrong(self) -> list[str]:
        """A line for each cell that is not as it must be."""
        return [
            f"{role}, {column}: must {must or 'nothing'}, could {could or 'nothing'}"
            for role in self.allowed | MUST
            for column in (*COLUMNS, NEVER)
            if (must := MUST.get(role, {}).get(column, "")) != (could := self.allowed.get(role, {}).get(column, ""))
        ]


def try_all(app: App) -> Tried:
    """Every attempt by every role of the deployed functions and of the policies for people."""
    roles = {**_function_roles(app), **{person: _person(app, person) for person in PEOPLE}}
    with ThreadPoolExecutor(4) as pool:
        came = dict(zip(roles, pool.map(partial(_try_role, app), roles.values()), strict=True))
    allowed = {role: {column: _cell(came[role], column) for column in (*COLUMNS, NEVER)} for role in roles}
    return Tried(allowed, sum(map(len, came.values())))


def table(tried: Tried) -> str:
    """The part of the document that stands between the marks."""
    lines = [
        f"{len(tried.allowed)} roles, {tried.attempts:,} attempts; what is not named was tried and refused.",
        "",
        f"| role | {' | '.join(COLUMNS)} |",
        f"|{'---|' * (len(COLUMNS) + 1)}",
        *(f"| {role} | {' | '.join(cells[c] for c in COLUMNS)} |" for role, cells in tried.allowed.items()),
    ]
    return "".join(f"{line}\n" for line in lines)


def documented() -> str:
    """What the document says between its marks."""
    return DOCUMENT.read_text("utf-8").split(BEGIN)[1].split(END)[0]


def main() -> int:
    """Tries all of it and writes the table; 1 where something came out otherwise than it must."""
    with tempfile.TemporaryDirectory(prefix="attempts-", ignore_cleanup_errors=True) as folder:
        try:
            tried = try_all(running_app(Path(folder), tls=True))
        finally:
            lifecycle.down(Path(folder))
    DOCUMENT.write_text(
        DOCUMENT.read_text("utf-8").replace(BEGIN + documented(), BEGIN + table(tried)), encoding="utf-8"
    )
    sys.stdout.write("\n".join([*tried.wrong, f"{tried.attempts:,} attempts, {len(tried.wrong)} cells are wrong.\n"]))
    return 1 if tried.wrong else 0


def _function_roles(app: App) -> dict[str, str]:
    pages = app.client("lambda").get_paginator("list_functions").paginate()
    found = {
        "".join(map(str.capitalize, re.findall("[a-z]+", one["Handler"].split(".")[1]))): str(one["Role"])
        for page in pages
        for one in page["Functions"]
        if one["Handler"].startswith("handlers.")
    }
    return dict(sorted(found.items()))


def _person(app: App, person: str) -> str:
    """A role with the managed policy of a person and nothing else."""
    iam, name = app.client("iam"), f"attempts-{person}"
    arn = str(iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(_TRUST))["Role"]["Arn"])
    iam.attach_role_policy(RoleName=name, PolicyArn=f"arn:aws:iam::000000000000:policy/nova-distill-{person}")
    return arn


def _try_role(app: App, role: str) -> dict[tuple[str, str], bool]:
    """(column, word) -> whether it was allowed."""
    keys = app.client("sts").assume_role(RoleArn=role, RoleSessionName="attempts")["Credentials"]
    called = {deed: _called(call) for deed, call in _calls(app, partial(app.client_as, keys))}
    return called | dict(_simulations(app, role))


def _called(call: Callable[[], Any]) -> bool:
    """Whether AWS let it through; what it then said of the request itself is no matter."""
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"] not in _DENIED
    return True


def _calls(app: App, client: Callable[[str], Any]) -> Iterator[tuple[tuple[str, str], Callable[[], Any]]]:
    s3, ssm, states, table = client("s3"), client("ssm"), client("stepfunctions"), client("dynamodb")
    for folder in FOLDERS:
        where = {"Bucket": app.bucket, "Key": f"{folder}/attempts/file"}
        yield (folder, "r"), partial(s3.get_object, **where)
        yield (folder, "w"), partial(s3.put_object, **where, Body=b"")
        yield (NEVER, f"delete {folder}"), partial(s3.delete_object, **where)
    item = {"TableName": app.outputs["LedgerTableName"], "Key": {"runId": {"S": "attempts"}, "jobName": {"S": "x"}}}
    theirs = {"KeyConditionExpression": "runId = :r", "ExpressionAttributeValues": {":r": {"S": "attempts"}}}
    only_there = {"UpdateExpression": "SET x = runId", "ConditionExpression": "attribute_exists(runId)"}
    yield (
        ("ledger", "r"),
        lambda: _either(partial(table.get_item, **item), partial(table.query, TableName=item["TableName"], **theirs)),
    )
    yield ("ledger", "w"), partial(table.update_item, **item, **only_there)
    yield (NEVER, "delete of the ledger"), partial(table.delete_item, **item)
    for column, name in (("parameter", "/nova-distill/attempts/student"), (NEVER, "/other/parameter")):
        yield (column, "r" if column == "parameter" else f"read {name}"), partial(ssm.get_parameter, Name=name)
        yield (
            (column, "w" if column == "parameter" else f"write {name}"),
            partial(ssm.put_parameter, Name=name, Value="x", Type="String", Overwrite=True),
        )
    yield ("else", "start a run"), lambda: _start_and_stop(app, states)
    yield ("else", "end a wait"), partial(states.send_task_success, taskToken="x", output="{}")
    yield (
        ("else", "publish"),
        partial(client("sns").publish, TopicArn=app.outputs["NotificationTopicArn"], Message="an attempt"),
    )
    bootstrap = "arn:aws:iam::000000000000:role/cdk-hnb659fds-deploy-role-000000000000-us-east-1"
    yield ("else", "deploy"), partial(client("sts").assume_role, RoleArn=bootstrap, RoleSessionName="attempts")


def _either(*calls: Callable[[], Any]) -> None:
    """Raises the last refusal where all are refused."""
    for call in calls[:-1]:
        if _called(call):
            return
    calls[-1]()


def _start_and_stop(app: App, states: Any) -> None:
    started = states.start_execution(stateMachineArn=app.machine, input='{"dataset": "attempts"}')
    app.client("stepfunctions").stop_execution(executionArn=started["executionArn"])


def _simulations(app: App, role: str) -> Iterator[tuple[tuple[str, str], bool]]:
    for column, asked, owner in (
        *((column, asked, "nova-distill") for column, asked in _SIMULATED.items()),
        (NEVER, _OTHERS, "another-app"),
    ):
        tag = {"ContextKeyName": _TAG, "ContextKeyValues": [owner], "ContextKeyType": "string"}
        for word, (operation, resource) in asked.items():
            answer = app.client("iam").simulate_principal_policy(
                PolicySourceArn=role,
                ActionNames=[f"bedrock:{operation}"],
                ResourceArns=[resource],
                ContextEntries=[tag],
            )
            yield (column, word), answer["EvaluationResults"][0]["EvalDecision"] == "allowed"


def _cell(came: dict[tuple[str, str], bool], column: str) -> str:
    words = [word for (of, word), allowed in came.items() if of == column and allowed]
    return ("" if {"r", "w"}.issuperset(words) else ", ").join(words)


if __name__ == "__main__":
    sys.exit(main())
