"""The handlers over fakes, called in the order of the state machine."""

import json
from typing import Any

from application.services import Services
from distillation.layout import RunLayout
from distillation.records import Request
from distillation.run.bounds import DeploymentBounds
from handlers import (
    answer_now,
    assemble_dataset,
    await_job,
    plan_predictions,
    plan_requests,
    predict_arm,
    prepare_run,
    promote_student,
    read_replies,
    reduce_shard,
    score_run,
    start_deployment,
    start_tuning,
    verify_promotion,
    write_report,
)
from settings import Settings
from tests.fakes import (
    Clock,
    FakeCallbacks,
    FakeCatalogue,
    FakeDeployments,
    FakeJobs,
    FakeModels,
    FakeParameters,
    Invocation,
    MemoryLedger,
    MemoryStore,
    model_output,
)

PRO, MICRO = "amazon.nova-pro-v1:0", "amazon.nova-micro-v1:0"
RUN = {"runId": "run-1", "dataset": "reviews"}
UNBOUND = DeploymentBounds(largest_gate_margin=1, smallest_canary_agreement=0, auto_promotion=frozenset("*"))
LAYOUT = RunLayout("run-1")
INPUT: dict[str, Any] = {
    "dataset": "reviews",
    "task": {"kind": "label", "labels": ["good", "bad"]},
    "split": {"holdoutShare": 0.4},
    "gate": {"margin": 0.5},
}


def teacher_and_students(model_id: str, request: Request) -> dict[str, object]:
    """Everybody is right, but for the untouched base model, which always says bad."""
    text = request.model_input["messages"][0]["content"][0]["text"]  # type: ignore[index]
    return model_output("bad" if model_id == MICRO or "awful" in text else "good")


def deployment_settings(**more: Any) -> Settings:
    """A deployment's settings with Pro as teacher and judge, Micro as student."""
    names = ("bucket", "ledger", "nova-distill", "role:batch", "role:tuning")
    return Settings(*names, PRO, PRO, f"{MICRO}:128k", MICRO, "machine", **more)


class World(Services):
    """Services that are all fakes, with 90 seeds in the bucket. `answer` as in `FakeModels`."""

    def __init__(self, answer: Any = teacher_and_students) -> None:
        super().__init__(deployment_settings(bounds=UNBOUND), Clock())
        self.files, self.rows = MemoryStore(), MemoryLedger()
        fakes = {
            "store": self.files,
            "ledger": self.rows,
            "batch_jobs": FakeJobs(),
            "tuning_jobs": FakeJobs(),
            "deployments": FakeDeployments(),
            "models": FakeModels(answer),
            "catalogue": FakeCatalogue(),
            "callbacks": FakeCallbacks(),
            "parameters": FakeParameters(),
        }
        self.__dict__.update(fakes)
        rows = [
            {"prompt": f"The {n} is {'awful' if n % 2 else 'great'}", "reference": "bad" if n % 2 else "good"}
            for n in range(90)
        ]
        self.files.put("seeds/reviews/a.jsonl", b"\n".join(json.dumps(row).encode() for row in rows))

    def call(self, handler: Any, **event: Any) -> dict[str, Any]:
        return dict(handler.run({"run": RUN, **event}, self, Invocation()))

    def prepare(self, **changes: Any) -> dict[str, Any]:
        return self.call(prepare_run, input=INPUT | changes, executionName="run-1", startedAt="2026-01-01T00:00:00Z")

    def answer(self, wave: dict[str, Any]) -> int:
        asked = {"stage": wave["stage"], "wave": wave["wave"]}
        for shard in wave["shards"]:
            self.call(answer_now, **asked, **shard)
        return sum(self.call(read_replies, **asked, **shard)["missing"] for shard in wave["shards"])

    def reduce(self, shards: int) -> None:
        for shard in range(shards):
            self.call(reduce_shard, shard=shard)

    def train(self) -> list[dict[str, Any]]:
        tuning = self.call(start_tuning, arm="student")["jobName"]
        made = self._await("tuning", tuning)
        deployment = self.call(start_deployment, arm="student", modelArn=made["modelArn"])["jobName"]
        ready = self._await("deployment", deployment)
        return [{"arm": "student", "modelArn": made["modelArn"], "deploymentArn": ready["deploymentArn"]}]

    def _await(self, kind: str, job_name: str) -> dict[str, Any]:
        await_job.run({"runId": "run-1", "jobName": job_name, "kind": kind, "token": job_name}, self, Invocation())
        done: dict[str, Any] = self.callbacks.succeeded[job_name]  # type: ignore[attr-defined]
        return done

    def promote(self) -> None:
        job = self.call(promote_student, approved=False)["jobName"]
        self._await("promotion", job)
        assert self.call(verify_promotion, jobName=job)["verified"]

    def to_report(self) -> dict[str, Any]:
        self.prepare()
        wave = self.call(plan_requests)
        self.answer(wave)
        self.reduce(wave["promptShards"])
        self.call(assemble_dataset)
        self.students = self.train()
        for shard in self.call(plan_predictions, students=self.students)["shards"]:
            self.call(predict_arm, **shard)
        self.decision = self.call(score_run)
        self.call(write_report, promotion="auto")
        report: dict[str, Any] = self.files.json(LAYOUT.report("report.json"))
        return report
