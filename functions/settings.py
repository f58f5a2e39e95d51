"""The only reader of the environment. The CDK app sets these variables on every function."""

import os
from collections.abc import Mapping
from typing import NamedTuple

from distillation.bedrock.limits import Rate
from distillation.records import Asking
from distillation.run.bounds import DeploymentBounds


class Settings(NamedTuple):
    """What the deployment tells the functions: names, roles and model ids."""

    bucket: str = ""
    ledger_table: str = ""
    app: str = ""
    batch_role_arn: str = ""
    customization_role_arn: str = ""
    teacher_model_id: str = ""
    teacher_invoke_id: str = ""
    student_model_id: str = ""
    base_invoke_id: str = ""
    state_machine_arn: str = ""
    evaluation_role_arn: str = ""
    judge_invoke_id: str = ""
    embedding_model_id: str = ""
    release: str = ""
    bounds: DeploymentBounds = DeploymentBounds()
    topic_arn: str = ""
    retire_again_seconds: float = 120
    rate: Rate = Rate()

    def model_asked_in(self, stage: Asking) -> str:
        """The modelId that a stage's requests go to: ratings and comparisons are the judge's, all else the
        teacher's.
        """
        return self.judge_invoke_id if stage in (Asking.RATINGS, Asking.COMPARISONS) else self.teacher_invoke_id


def settings_from_environment(variables: Mapping[str, str] | None = None) -> Settings:
    """Reads the variables (default: this process's own); one that only other functions need may be absent."""
    env = (os.environ if variables is None else variables).get
    return Settings(
        bucket=env("BUCKET_NAME", ""),
        ledger_table=env("LEDGER_TABLE_NAME", ""),
        app=env("APP_NAME", ""),
        batch_role_arn=env("BATCH_ROLE_ARN", ""),
        customization_role_arn=env("CUSTOMIZATION_ROLE_ARN", ""),
        teacher_model_id=env("TEACHER_MODEL_ID", ""),
        teacher_invoke_id=env("TEACHER_INVOKE_ID", ""),
        student_model_id=env("STUDENT_MODEL_ID", ""),
        base_invoke_id=env("STUDENT_INVOKE_ID", ""),
        state_machine_arn=env("STATE_MACHINE_ARN", ""),
        evaluation_role_arn=env("EVALUATION_ROLE_ARN", ""),
        judge_invoke_id=env("JUDGE_INVOKE_ID", ""),
        embedding_model_id=env("EMBEDDING_MODEL_ID", ""),
        release=env("APP_RELEASE", ""),
        bounds=DeploymentBounds(
            largest_gate_margin=float(env("LARGEST_GATE_MARGIN", "0.1")),
            smallest_canary_agreement=float(env("SMALLEST_CANARY_AGREEMENT", "0.8")),
            auto_promotion=frozenset(env("AUTO_PROMOTION_DATASETS", "").split(",")),
            max_usd_per_run=float(env("MAX_USD_PER_RUN") or 0),
            max_usd_per_month=float(env("MAX_USD_PER_MONTH") or 0),
        ),
        topic_arn=env("NOTIFICATION_TOPIC_ARN", ""),
        retire_again_seconds=float(env("RETIRE_AGAIN_SECONDS") or 120),
        rate=Rate(
            requests=float(env("TEACHER_REQUESTS_PER_MINUTE") or Rate().requests),
            tokens=float(env("TEACHER_TOKENS_PER_MINUTE") or Rate().tokens),
        ),
    )
