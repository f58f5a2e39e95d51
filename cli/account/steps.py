"""The steps of `prove`: each asks AWS through the product's own gateways and says what came of its assumptions."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from application.services import Services
from cli.account import samples
from cli.account.proof import Finding, Proof
from distillation.bedrock.families import family_of, takes_top_p_beside_temperature
from distillation.bedrock.job_status import JobKind, JobOutcome, outcome_of
from distillation.bedrock.waiting import JobLook
from distillation.errors import DistillationError, QuotaFull, ThrottledByBedrock
from distillation.inference.replies import read_replies
from distillation.judging.answers import judging_config
from distillation.judging.scores import read_judgements, shown_name
from distillation.layout import RunLayout
from distillation.records import Request
from distillation.run.evaluation import EvaluationJudge
from distillation.run.training import Training
from distillation.training.customization import customization_request, deployment_request
from gateways.scratch import Scratch

SOURCE = "proof"
CORRECTNESS: Final = "Builtin.Correctness"
LINES_KEPT = 3


class StepFailed(DistillationError):
    """A step came to no finding."""


class Bench(NamedTuple):
    """What a step works with. `topic_arn`: where the token of the silent task goes."""

    services: Services
    proof: Proof
    topic_arn: str
    pause: Callable[[], None]
    say: Callable[[str], None]

    @property
    def layout(self) -> RunLayout:
        """Where the files of the proof stand in the bucket: within the rights of the roles."""
        return RunLayout(self.proof.run_id)

    @property
    def name(self) -> str:
        """What everything that is made is called, with an ending of its own."""
        return f"{self.services.settings.app}-{self.proof.run_id}"

    def made(self, what: str) -> str:
        """The ARN or name of what an earlier step made. Raises StepFailed where it made none."""
        if what not in self.proof.made:
            raise StepFailed(f"needs the {what} of an earlier step, which is not there")
        return self.proof.made[what]

    @property
    def tags(self) -> dict[str, str]:
        """The tags of everything that is made."""
        return {"app": self.services.settings.app, "run": self.proof.run_id}


def converse(bench: Bench) -> list[Finding]:
    """One question each to teacher, student and judge."""
    settings, proof = bench.services.settings, bench.proof
    teacher, student, judge = settings.teacher_invoke_id, settings.base_invoke_id, settings.judge_invoke_id
    flex = _ask(bench, teacher, samples.greedy_request(teacher), flex=True)
    tries = len(_heard(proof))
    findings = [Finding("flex", "modelOutput" in flex and tries == 1, _said(flex))]
    _ask(bench, student, samples.greedy_request(student), flex=True)
    said = _heard(proof)[tries].get("Error", {}).get("Message", "it was answered")
    findings.append(Finding("tier-refused", "tier" in said.lower(), said))
    if family_of(judge) == family_of(teacher):
        bench.say("The judge is of the teacher's family. Deploy with judgeModelId to prove one of another family.")
    else:
        answer = _ask(bench, judge, samples.greedy_request(judge))
        findings.append(Finding("judge", "modelOutput" in answer, _said(answer)))
    if not takes_top_p_beside_temperature(judge):
        both = Request(record_id="both", model_input=dict(samples.greedy_request(judge).model_input))
        both.model_input["inferenceConfig"] = {"temperature": 0.5, "topP": 0.5}
        answer = _ask(bench, judge, both)
        findings.append(Finding("both-sampling-fields", "error" in answer, _said(answer)))
    return findings


def _ask(bench: Bench, model: str, request: Request, *, flex: bool = False, most: int = 8) -> dict[str, Any]:
    """The reply. A model that has no time is asked again: its "too many requests" shows nothing of what is asked."""
    for _ in range(most - 1):
        reply = bench.services.models.ask(model, request, flex=flex)
        if reply.get("error", {}).get("errorCode") != HTTPStatus.TOO_MANY_REQUESTS:
            return reply
        bench.pause()
    return bench.services.models.ask(model, request, flex=flex)


def _heard(proof: Proof) -> list[dict[str, Any]]:
    """What Converse said, "too many requests" left out."""
    said = proof.heard("Converse")
    return [one for one in said if one.get("Error", {}).get("Code") != "ThrottlingException"]


def submit(bench: Bench) -> list[Finding]:
    """Puts the queue of events up, then starts the jobs that are not proven yet, which take their time side by side."""
    proof, scratch = bench.proof, Scratch(bench.services.clients)
    queue = scratch.make_queue(bench.name)
    proof.keep("queue", queue.url)
    scratch.copy_events(proof.keep("rule", bench.name), {"source": ["aws.bedrock"]}, queue.arn)
    for name, start in (("batch", _submit_batch), ("tuning", _submit_tuning), ("evaluation", _submit_evaluation)):
        while not proof.is_done(name) and name not in proof.made:
            try:
                proof.keep(name, start(bench))
            except (QuotaFull, ThrottledByBedrock) as error:
                bench.say(f"  {name}: {error}; waiting for room")
                bench.pause()
    return []


def _submit_batch(bench: Bench) -> str:
    services, layout, store = bench.services, bench.layout, bench.services.store
    store.put_records(layout.requests(0, 0), samples.requests(services.settings.teacher_invoke_id))
    return services.batch_jobs.create(
        f"{bench.name}-w00-s0000",
        model_id=services.settings.teacher_invoke_id,
        input_uri=store.uri(layout.requests(0, 0)),
        output_uri=store.uri(layout.replies_prefix(0, 0)),
        timeout_hours=24,
        tags=bench.tags,
    )


def _submit_tuning(bench: Bench) -> str:
    services, store, lines = bench.services, bench.services.store, bench.layout.dataset("train.jsonl")
    store.put_lines(lines, samples.training_lines())
    return services.tuning_jobs.create(
        customization_request(
            f"{bench.name}-student-t0",
            training=Training(epoch_count=1),
            validation_uri=None,
            role_arn=services.settings.customization_role_arn,
            base_model=services.settings.student_model_id,
            train_uri=store.uri(lines),
            output_uri=store.uri(bench.layout.model_prefix("student")),
            tags=bench.tags,
        )
    )


def _submit_evaluation(bench: Bench) -> str:
    services, layout, store = bench.services, bench.layout, bench.services.store
    store.put_records(layout.judge_dataset(SOURCE, 0), samples.judging_lines(SOURCE))
    name, judge = f"{bench.name}-j-00", EvaluationJudge(metrics=(CORRECTNESS,), custom=(samples.METRIC,))
    dataset = store.uri(layout.judge_dataset(SOURCE, 0))
    return services.evaluation_jobs.create(
        name,
        judging=judging_config(name, judge, services.settings.judge_invoke_id, dataset),
        output_uri=store.uri(layout.judge_results_prefix(SOURCE, 0)),
        source_id=SOURCE,
        tags=bench.tags,
    )


def batch(bench: Bench) -> list[Finding]:
    """The replies to 100 records, read as a run reads them."""
    services, proof, prefix = bench.services, bench.proof, bench.layout.replies_prefix(0, 0)
    _wait(bench, JobKind.BATCH, lambda: services.batch_jobs.look(bench.made("batch")))
    names = _copy_layout(bench, "batch", prefix)
    output = [name for name in names if name.endswith(".jsonl.out")]
    lines = list(services.store.lines_below(prefix, suffix=".jsonl.out"))
    proof.write("batch/replies.jsonl", b"".join(line + b"\n" for line in lines[:LINES_KEPT]))
    for name in names:
        if name.endswith("manifest.json.out"):
            proof.write("batch/manifest.json.out", services.store.get(prefix + name))
    asked = [request.record_id for request in samples.requests(services.settings.teacher_invoke_id)]
    found = read_replies(asked, lines)
    proof.gone("batch")
    as_written = len(output) == 1 and output[0].count("/") == 1 and any(n.endswith("manifest.json.out") for n in names)
    return [
        Finding("batch-layout", as_written, _ends_of(names)),
        Finding("batch-replies", len(found.answers) == len(asked), f"{len(found.answers)} of {len(asked)} answers"),
    ]


def evaluation(bench: Bench) -> list[Finding]:
    """Scores of ten answers, read as a run reads them."""
    services, proof, prefix = bench.services, bench.proof, bench.layout.judge_results_prefix(SOURCE, 0)
    _wait(bench, JobKind.EVALUATION, lambda: services.evaluation_jobs.look(bench.made("evaluation")))
    names = _copy_layout(bench, "evaluation", prefix)
    lines = list(services.store.lines_below(prefix, suffix="_output.jsonl"))
    proof.write("evaluation/output.jsonl", b"".join(line + b"\n" for line in lines[:LINES_KEPT]))
    scores = list(read_judgements(lines).values())
    proof.gone("evaluation")
    scored = all(shown_name(CORRECTNESS) in one for one in scores)
    own = [score.get(f"Custom.{samples.METRIC.name}") for score in scores]
    return [
        Finding("evaluation-results", len(scores) == 10 and scored, _ends_of(names)),
        Finding("custom-metric", bool(own) and all(one in (0.0, 1.0) for one in own), f"{own}"),
    ]


def tuning(bench: Bench) -> list[Finding]:
    """A model of eight lines, and the files of its training."""
    services, proof, prefix = bench.services, bench.proof, bench.layout.model_prefix("student")
    seen = _wait(bench, JobKind.TUNING, lambda: services.tuning_jobs.look(bench.made("tuning")))
    proof.gone("tuning")
    if seen.model_arn is None:
        raise StepFailed(f"the customization job ended as {seen.status}: {seen.message}")
    proof.keep("model", seen.model_arn)
    names = _copy_layout(bench, "tuning", prefix)
    tables = [name for name in names if name.endswith(".csv")]
    for table in tables:
        proof.write(f"tuning/{table.rsplit('/', 1)[-1]}", services.store.get(prefix + table))
    training = [name for name in tables if name.endswith("training_artifacts/step_wise_training_metrics.csv")]
    return [
        Finding("eight-lines", holds=True, found=f"{seen.status}"),
        Finding("tuning-metrics", len(training) == 1, _ends_of(names)),
    ]


def deployment(bench: Bench) -> list[Finding]:
    """The model behind an ARN that answers; then an update in place."""
    services, proof, model = bench.services, bench.proof, bench.made("model")
    deployments = services.deployments
    arn = deployments.create(deployment_request(f"{bench.name}-student-d0", model_arn=model, tags=bench.tags))
    proof.keep("deployment", arn)
    _wait(bench, JobKind.DEPLOYMENT, lambda: deployments.look(arn))
    said = _ask(bench, arn, samples.greedy_request(arn))
    findings = [Finding("deployment", "modelOutput" in said, _said(said))]
    try:
        same = deployments.update(arn, model) == arn
        seen = _wait(bench, JobKind.PROMOTION, lambda: deployments.look_for(arn, model))
    except DistillationError as error:
        return [*findings, Finding("update-in-place", holds=False, found=str(error))]
    told = any("updateDetails" in answer for answer in proof.heard("GetCustomModelDeployment"))
    return [*findings, Finding("update-in-place", same and told, f"{seen.status}, the ARN stayed: {same}")]


def deletion(bench: Bench) -> list[Finding]:
    """The deployment, and its model at once after it."""
    services, proof = bench.services, bench.proof
    services.deployments.delete(bench.made("deployment"))
    proof.gone("deployment")
    tries = _delete_model(bench)
    said = [answer["Error"].get("Code", "") for answer in proof.heard("DeleteCustomModel") if "Error" in answer]
    return [Finding("delete-at-once", not said, f"try {tries} succeeded, before it: {', '.join(said) or 'nothing'}")]


def _delete_model(bench: Bench, most: int = 60) -> int:
    for number in range(1, most + 1):
        try:
            bench.services.tuning_jobs.delete_model(bench.made("model"))
        except Exception as error:
            if number == most or "Conflict" not in str(error):
                raise
            bench.pause()
        else:
            bench.proof.gone("model")
            return number
    raise StepFailed("the model cannot be deleted")


def heartbeat(bench: Bench) -> list[Finding]:
    """A task that waits for a token which nobody answers, for five seconds."""
    services, proof, scratch = bench.services, bench.proof, Scratch(bench.services.clients)
    made = scratch.make_machine(bench.name, silent_task(bench.topic_arn), like=services.settings.state_machine_arn)
    execution = scratch.start_machine(proof.keep("machine", made))
    while (status := scratch.status(execution)) == "RUNNING":
        bench.pause()
    history = scratch.history(execution)
    proof.write("heartbeat/history.json", history)
    timed_out = [event for event in history if event["type"].endswith("TimedOut")]
    proof.write("heartbeat/timed-out.json", timed_out)
    return [Finding("heartbeat", status == "SUCCEEDED", f"{status}, {timed_out or 'no event of a time-out'}")]


def silent_task(topic_arn: str) -> dict[str, object]:
    """A machine of one task whose token goes to a topic and comes back never; it succeeds where the catcher catches."""
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sns:publish.waitForTaskToken",
        "Arguments": {
            "TopicArn": topic_arn,
            "Subject": "Nova Distill: a proof, nothing to do",
            "Message": "{% 'A proof of the heartbeat; its token: ' & $states.context.Task.Token %}",
        },
        "HeartbeatSeconds": 5,
        "TimeoutSeconds": 120,
        "Catch": [{"ErrorEquals": ["States.HeartbeatTimeout", "States.Timeout"], "Next": "Caught"}],
        "Next": "Answered",
    }
    states = {"Silent": task, "Caught": {"Type": "Succeed"}, "Answered": {"Type": "Fail", "Error": "Answered"}}
    return {"QueryLanguage": "JSONata", "StartAt": "Silent", "States": states}


def events(bench: Bench) -> list[Finding]:
    """What the queue caught of the jobs."""
    bodies = Scratch(bench.services.clients).take_messages(bench.made("queue"))
    ours = [body for body in bodies if bench.name in str(body.get("detail", {}))]
    bench.proof.write("events/events.json", ours)
    batches = [body["detail"] for body in ours if body["detail-type"] == "Batch Inference Job State Change"]
    tunings = [body["detail"] for body in ours if body["detail-type"] == "Model Customization Job State Change"]
    return [
        Finding("batch-events", _all_have(batches, "batchJobName", "status"), f"{len(batches)} events"),
        Finding("tuning-events", _all_have(tunings, "jobName", "jobStatus"), f"{len(tunings)} events"),
    ]


def _all_have(details: list[dict[str, object]], *names: str) -> bool:
    return bool(details) and all(name in detail for detail in details for name in names)


def _wait(bench: Bench, kind: JobKind, look: Callable[[], JobLook]) -> JobLook:
    while True:
        seen = look()
        outcome = outcome_of(kind, seen.status)
        if outcome is JobOutcome.FAILED:
            raise StepFailed(f"it ended as {seen.status}: {seen.message}")
        if outcome is not JobOutcome.RUNNING:
            return seen
        bench.pause()


def _copy_layout(bench: Bench, step: str, prefix: str) -> list[str]:
    found = bench.services.store.list(prefix)
    names = [stored.key.removeprefix(prefix) for stored in found]
    files = [{"name": name, "bytes": stored.bytes} for name, stored in zip(names, found, strict=True)]
    bench.proof.write(f"{step}/files.json", files)
    return names


def _ends_of(names: list[str]) -> str:
    """Files with the folder that each is in; `files.json` has them whole."""
    return ", ".join("/".join(name.split("/")[-2:]) for name in names)


def _said(reply: dict[str, object]) -> str:
    return str(reply.get("error") or "answered")
