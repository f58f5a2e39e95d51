"""A run whose arms have answered the holdout, in memory: what a judge is asked of it, and a judge that is a
function.
"""

import json
from collections.abc import Callable
from typing import Any

import msgspec

from application.services import Services
from distillation.evaluation.scores import JudgeScores, Scores
from distillation.layout import RunLayout
from distillation.records import Asking, HoldoutItem, Prediction, Request, decode_lines, encode_line
from handlers import plan_comparisons, plan_judging, read_replies, score_run, start_judging
from settings import Settings
from tests.fakes import Clock, FakeCallbacks, FakeJobs, Invocation, MemoryLedger, MemoryStore, model_output
from tests.worlds.run_records import GOOD_OR_BAD, run_record

RUN = {"runId": "run-1", "dataset": "reviews"}
LAYOUT = RunLayout("run-1")
PRO, MISTRAL = "amazon.nova-pro-v1:0", "mistral.mistral-large-2402-v1:0"
Say = Callable[[HoldoutItem], str | None]
Met = Callable[[dict[str, Any]], bool]


def is_reference(line: dict[str, Any]) -> bool:
    return bool(line["modelResponses"][0]["response"] == line["referenceResponse"])


def right(item: HoldoutItem) -> str:
    return item.reference or ""


def good(item: HoldoutItem) -> str:
    return "good"


class JudgedWorld(Services):
    """A run of 60 holdout items, every second one bad; teacher and student are right, the base model says good to
    everything.
    """

    def __init__(
        self,
        judge: dict[str, Any] | None,
        *,
        model: str = MISTRAL,
        count: int = 60,
        files: Any = None,
        role: str = "role:evaluation",
        **arms: Say,
    ) -> None:
        settings = Settings(*[""] * 10)._replace(app="nova-distill", judge_invoke_id=model, evaluation_role_arn=role)
        super().__init__(settings, Clock())
        self.files, self.jobs, self.rows, self.tokens = (
            files or MemoryStore(),
            FakeJobs(),
            MemoryLedger(),
            FakeCallbacks(),
        )
        self.__dict__.update(
            store=self.files, ledger=self.rows, evaluation_jobs=self.jobs, callbacks=self.tokens, deployments=FakeJobs()
        )
        models = {"teacher": PRO, "teacher_invoke": PRO, "judge": model}
        record = run_record(GOOD_OR_BAD, models=models, evaluation={"judge": judge})
        self.files.put_json(LAYOUT.run, record)
        self.files.put_json(LAYOUT.students, [{"arm": "student", "modelArn": "arn:m", "deploymentArn": "arn:d"}])
        self.holdout = [
            HoldoutItem(prompt_id=f"p{n:04d}", prompt=f"thing {n}", reference=("good", "bad")[n % 2])
            for n in range(count)
        ]
        self.files.put_records(LAYOUT.dataset("holdout.jsonl"), self.holdout)
        for arm, say in ({"teacher": right, "base": good, "student": right} | arms).items():
            self.predict(arm, say)

    def predict(self, arm: str, say: Say) -> None:
        said = [(item.prompt_id, say(item)) for item in self.holdout]
        made = [
            Prediction(prompt_id=i, arm=arm, text=text) if text else Prediction(prompt_id=i, arm=arm, error="refused")
            for i, text in said
        ]
        self.files.put_records(LAYOUT.prediction_shard(arm, 0), made)

    def call(self, handler: Any, **event: Any) -> dict[str, Any]:
        return dict(handler.run({"run": RUN, **event}, self, Invocation()))

    def submit(self) -> list[str]:
        return [self.call(start_judging, **job)["jobName"] for job in self.call(plan_judging)["jobs"]]

    def judge(self, names: list[str], *, lost: str = "", met: Met = is_reference) -> None:
        """Writes what Bedrock would: 1 where the line is `met`, else 0, and everything is polite.

        `lost`: the arm whose job brings nothing.
        """
        for name in names:
            asked = self.jobs.requests[name]
            [told] = asked["judging"]["datasetMetricConfigs"]
            dataset = told["dataset"]["datasetLocation"]["s3Uri"].removeprefix("s3://bucket/")
            lines = [json.loads(line) for line in self.files.lines(dataset)]
            out = [_result(line, told["metricNames"], met(line)) for line in reversed(lines)]
            where = f"{asked['output_uri'].removeprefix('s3://bucket/')}{name}/id/models/{asked['source_id']}/taskTypes/General/datasets/{name}/u_output.jsonl"
            if asked["source_id"] != lost:
                self.files.put_lines(where, out)

    def compare(self, choose: Callable[[str], str | None], wave: int = 0) -> dict[str, Any]:
        """One round. `choose`: the shown text -> what the judge says; None for no reply."""
        planned = self.call(plan_comparisons, wave=wave)
        for shard in (shard["shard"] for shard in planned["shards"]):
            lines = []
            for request in decode_lines(self.files.lines(LAYOUT.requests(wave, shard, Asking.COMPARISONS)), Request):
                body: dict[str, Any] = request.model_input
                said = choose(body["messages"][0]["content"][0]["text"])
                lines += [encode_line({"recordId": request.record_id} | model_output(said))] if said else []
            self.files.put_lines(LAYOUT.replies_prefix(wave, shard, Asking.COMPARISONS) + "job/shard.jsonl.out", lines)
            self.call(read_replies, stage="comparisons", wave=wave, shard=shard)
        return planned

    def scored(self) -> Scores:
        self.call(score_run)
        return msgspec.json.decode(self.files.get(LAYOUT.scores), type=Scores)

    def judged(self) -> JudgeScores:
        record = self.scored().judge
        assert record is not None
        return record


def _result(line: dict[str, Any], metrics: list[str], met: bool) -> bytes:
    scores = [{"metricName": name, "result": float(met) if name.startswith("Builtin.") else 1.0} for name in metrics]
    return json.dumps({"automatedEvaluationResult": {"scores": scores}, "inputRecord": line}).encode() + b"\n"
