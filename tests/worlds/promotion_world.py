"""A run that is ready to be promoted, on fakes: files of its hops, its student, and a dataset's stable deployment that
may serve something already.
"""

from collections.abc import Sequence
from typing import Any

from application.services import Services
from distillation.bedrock.job_names import stable_deployment
from distillation.layout import RunLayout, student_parameter
from distillation.records import Arm, HoldoutItem, Prediction, Request
from distillation.training.promotion import ServedStudent, read_parameter
from settings import Settings
from tests.fakes import (
    Clock,
    FakeCallbacks,
    FakeDeployments,
    FakeJobs,
    FakeModels,
    FakeParameters,
    MemoryLedger,
    MemoryStore,
    model_output,
)
from tests.worlds.run_records import GOOD_OR_BAD, run_record

DATASET = "reviews"
STABLE = f"arn:{stable_deployment('app', DATASET)}"
PARAMETER = student_parameter("app", DATASET)


class PromotionWorld(Services):
    """`wrong` are the model ARNs that answer other than their students did."""

    def __init__(self) -> None:
        super().__init__(
            Settings(
                "bucket", "ledger", "app", "role:batch", "role:tuning", "pro", "pro", "micro:128k", "micro", "machine"
            ),
            Clock(),
        )
        self.files, self.rows, self.wrong = MemoryStore(), MemoryLedger(), set[str]()
        self.stable, self.asked, self.ssm, self.completed = (
            FakeDeployments(),
            FakeModels(self._answer),
            FakeParameters(),
            FakeCallbacks(),
        )
        self.tuning = FakeJobs()
        self.__dict__.update(
            store=self.files,
            ledger=self.rows,
            deployments=self.stable,
            models=self.asked,
            parameters=self.ssm,
            callbacks=self.completed,
            tuning_jobs=self.tuning,
            batch_jobs=FakeJobs(),
            evaluation_jobs=FakeJobs(),
        )

    def _answer(self, deployment: str, request: Request) -> dict[str, object]:
        return model_output("bad" if self.stable.models[deployment] in self.wrong else "good")

    def add_run(self, run_id: str, trained: Sequence[str] = (Arm.STUDENT,), **config: Any) -> str:
        """A run whose student said "good" to all of its 30 holdout prompts; gives the ARN of its model."""
        layout = RunLayout(run_id)
        record = run_record(GOOD_OR_BAD, dataset=DATASET, run_id=run_id, models={"student": "micro:128k"}, **config)
        ids = [f"p{n:02d}" for n in range(30)]
        self.files.put_json(layout.run, record)
        self.files.put_records(
            layout.dataset("holdout.jsonl"), [HoldoutItem(prompt_id=i, prompt=f"How is {i}?") for i in ids]
        )
        self.files.put_records(
            layout.prediction_shard(Arm.STUDENT, 0),
            [Prediction(prompt_id=i, arm=Arm.STUDENT, text="good") for i in ids],
        )
        self.files.put_json(layout.verdict, {})
        self.files.put_json(layout.dataset("manifest.json"), {"files": {"train.jsonl": {"sha256": f"sha of {run_id}"}}})
        models = {arm: self.tuning.look(self.tuning.create(f"{run_id}-{arm}")).model_arn for arm in trained}
        self.files.put_json(
            layout.students,
            [{"arm": arm, "modelArn": model, "deploymentArn": f"arn:{run_id}"} for arm, model in models.items()],
        )
        return str(models[Arm.STUDENT])

    @property
    def parameter(self) -> ServedStudent:
        return read_parameter(self.ssm.values[PARAMETER])
