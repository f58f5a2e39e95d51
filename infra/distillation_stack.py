"""The whole of Nova Distill in one stack: composes the constructs and hands each what it needs of the others."""

from aws_cdk import CfnOutput, Environment, Stack
from constructs import Construct

from infra.bedrock_access import BedrockAccess, bedrock_models
from infra.ended_events import JobEvents, RunEvents
from infra.function_grants import GrantTargets, grants_by_function, grants_of_people
from infra.monitoring import Monitoring
from infra.notifications import Notifications
from infra.packaging.release import release
from infra.packaging.wheels import Target
from infra.people import People
from infra.pipeline_functions import OUTSIDE_THE_MACHINE, SIZES, PipelineFunctions, pascal
from infra.run_ledger import RunLedger
from infra.run_storage import RunStorage
from infra.seed_trigger import SeedTrigger
from infra.settings import Settings
from infra.workflow import Workflow


class DistillationStack(Stack):
    """Seeds in S3 to a verdict."""

    def __init__(self, scope: Construct, settings: Settings) -> None:
        super().__init__(
            scope,
            settings.stack_name,
            description=f"Nova Distill {release()}: seeds in S3 to a measured and promoted Amazon Nova Micro",
            env=Environment(account=settings.account, region=settings.region),
        )
        self._settings = settings
        self._models = bedrock_models(self, settings)
        self._storage = RunStorage(
            self, "Storage", keep_data=settings.keeps_data, log_retention_days=settings.log_retention_days
        )
        self._ledger = RunLedger(self, "Ledger", keep_data=settings.keeps_data)
        self._bedrock = BedrockAccess(self, "Bedrock", bucket_arn=self._storage.bucket.bucket_arn, models=self._models)
        self._notifications = Notifications(
            self, "Notifications", display_name=settings.app_name, email=settings.notification_email
        )
        self._targets = self._grant_targets()
        self._functions = self._pipeline_functions()
        People(self, "People", app_name=settings.app_name, grants=grants_of_people(self, self._targets))
        self._workflow = self._state_machine()
        self._triggers()
        self._outputs()

    def _grant_targets(self) -> GrantTargets:
        return GrantTargets(
            bucket_arn=self._storage.bucket.bucket_arn,
            table_arn=self._ledger.table.table_arn,
            batch_role_arn=self._bedrock.batch_role.role_arn,
            customization_role_arn=self._bedrock.customization_role.role_arn,
            evaluation_role_arn=self._bedrock.evaluation_role.role_arn,
            models=self._models,
            app_name=self._settings.app_name,
            topic_arn=self._notifications.topic.topic_arn,
            topic_key_arn=self._notifications.key.key_arn,
        )

    def _pipeline_functions(self) -> PipelineFunctions:
        return PipelineFunctions(
            self,
            "Functions",
            architecture=self._settings.architecture,
            target=Target(self._settings.wheels_for, self._settings.python_version),
            log_retention_days=self._settings.log_retention_days,
            environment=self._environment(),
            grants=grants_by_function(self, self._targets),
        )

    def _environment(self) -> dict[str, str]:
        """What `functions/settings.py` reads, the same for every function."""
        return {
            "APP_NAME": self._settings.app_name,
            "BUCKET_NAME": self._storage.bucket.bucket_name,
            "LEDGER_TABLE_NAME": self._ledger.table.table_name,
            "BATCH_ROLE_ARN": self._bedrock.batch_role.role_arn,
            "CUSTOMIZATION_ROLE_ARN": self._bedrock.customization_role.role_arn,
            "EVALUATION_ROLE_ARN": self._bedrock.evaluation_role.role_arn,
            "TEACHER_MODEL_ID": self._settings.teacher_model_id,
            "TEACHER_INVOKE_ID": self._settings.teacher_invoke_id,
            "STUDENT_MODEL_ID": self._settings.student_model_id,
            "STUDENT_INVOKE_ID": self._settings.student_invoke_id,
            "JUDGE_INVOKE_ID": self._settings.judge_invoke_id,
            "EMBEDDING_MODEL_ID": self._settings.embedding_model_id,
            "APP_RELEASE": release(),
            "TEACHER_REQUESTS_PER_MINUTE": str(self._settings.teacher_requests_per_minute),
            "TEACHER_TOKENS_PER_MINUTE": str(self._settings.teacher_tokens_per_minute),
            "LARGEST_GATE_MARGIN": str(self._settings.largest_gate_margin),
            "SMALLEST_CANARY_AGREEMENT": str(self._settings.smallest_canary_agreement),
            "AUTO_PROMOTION_DATASETS": self._settings.auto_promotion_datasets,
            "MAX_USD_PER_RUN": f"{self._settings.max_usd_per_run:g}",
            "MAX_USD_PER_MONTH": f"{self._settings.max_usd_per_month:g}",
            "NOTIFICATION_TOPIC_ARN": self._notifications.topic.topic_arn,
            "RETIRE_AGAIN_SECONDS": str(self._settings.retire_again_seconds),
            "POWERTOOLS_SERVICE_NAME": self._settings.app_name,
            "POWERTOOLS_METRICS_NAMESPACE": "NovaDistill",
            "POWERTOOLS_LOG_LEVEL": "INFO",
        }

    def _state_machine(self) -> Workflow:
        tasks = {
            pascal(name) + "Arn": self._functions.by_name[name].function_arn
            for name in SIZES
            if name not in OUTSIDE_THE_MACHINE
        }
        topic_arn = self._notifications.topic.topic_arn
        waits = {
            "AwaitHeartbeatSeconds": str(self._settings.await_heartbeat_seconds),
            "DeploymentHeartbeatSeconds": str(self._settings.deployment_heartbeat_seconds),
            "RetireAgainSeconds": str(self._settings.retire_again_seconds),
        }
        return Workflow(
            self,
            "Workflow",
            name=self._settings.app_name,
            function_arns=list(tasks.values()),
            topic_arn=topic_arn,
            key_arn=self._notifications.key.key_arn,
            substitutions=tasks | waits | {"NotificationTopicArn": topic_arn},
            log_retention_days=self._settings.log_retention_days,
        )

    def _triggers(self) -> None:
        functions, machine = self._functions.by_name, self._workflow.state_machine
        start_run = functions["start_run"]
        machine.grant_start_execution(start_run)
        start_run.add_environment("STATE_MACHINE_ARN", machine.state_machine_arn)
        uploads = SeedTrigger(
            self,
            "SeedTrigger",
            bucket_name=self._storage.bucket.bucket_name,
            quiet_seconds=self._settings.trigger_quiet_seconds,
            start_run=start_run,
            start_run_seconds=SIZES["start_run"].seconds,
        )
        jobs = JobEvents(self, "JobEvents", app_name=self._settings.app_name, job_changed=functions["job_changed"])
        ends = RunEvents(
            self, "RunEvents", state_machine_arn=machine.state_machine_arn, run_ended=functions["run_ended"]
        )
        Monitoring(
            self,
            "Monitoring",
            dashboard_name=self._settings.app_name,
            topic=self._notifications.topic,
            state_machine=machine,
            functions=functions,
            outside_the_machine=sorted(OUTSIDE_THE_MACHINE),
            dead_letters={
                "Uploads": uploads.dead_letters,
                "JobEvents": jobs.dead_letters,
                "RunEvents": ends.dead_letters,
            },
        )

    def _outputs(self) -> None:
        outputs = {
            "BucketName": self._storage.bucket.bucket_name,
            "StateMachineArn": self._workflow.state_machine.state_machine_arn,
            "LedgerTableName": self._ledger.table.table_name,
            "NotificationTopicArn": self._notifications.topic.topic_arn,
            "AppName": self._settings.app_name,
            "RetireAgainSeconds": str(self._settings.retire_again_seconds),
            # What an estimate before a start reckons with.
            "TeacherModelId": self._settings.teacher_model_id,
            "StudentModelId": self._settings.student_model_id,
            "JudgeModelId": self._settings.judge_invoke_id,
            "TeacherRequestsPerMinute": str(self._settings.teacher_requests_per_minute),
            "TeacherTokensPerMinute": str(self._settings.teacher_tokens_per_minute),
            "MaxUsdPerRun": f"{self._settings.max_usd_per_run:g}",
        }
        for name, value in outputs.items():
            CfnOutput(self, name, value=value)
