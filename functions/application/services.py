"""What a handler can reach: one gateway a service, made when first used: a function opens only what it needs."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from gateways.bedrock.batch_jobs import BatchJobs
from gateways.bedrock.deployments import Deployments
from gateways.bedrock.embeddings import Embeddings
from gateways.bedrock.evaluation_jobs import EvaluationJobs
from gateways.bedrock.model_catalogue import ModelCatalogue
from gateways.bedrock.model_client import ModelClient
from gateways.bedrock.tuning_jobs import TuningJobs
from gateways.callbacks import StepFunctionsCallbacks
from gateways.clients import ONE_TRY, Clients
from gateways.executions import Executions
from gateways.ledger import DynamoLedger
from gateways.notices import Notices
from gateways.parameters import Parameters
from gateways.store import Store
from settings import Settings, settings_from_environment


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Services:
    """Gateways, settings and the clock of a function. Tests hand in fakes by assigning the attributes.

    `writes`: where files may be written in this invocation.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        now: Callable[[], datetime] = _utc_now,
        clients: Callable[[], Clients] = Clients,
    ) -> None:
        self.settings = settings or settings_from_environment()
        self.now = now
        self.pause: Callable[[float], None] = time.sleep
        self._make_clients = clients
        self.writes: tuple[str, ...] = ("",)

    @cached_property
    def clients(self) -> Clients:
        """Where the gateways get their clients from."""
        return self._make_clients()

    @cached_property
    def store(self) -> Store:
        """The run's files."""
        return Store(self.clients.client("s3"), self.settings.bucket, lambda: self.writes)

    ledger = cached_property(lambda self: DynamoLedger(self.clients.table(self.settings.ledger_table)))
    batch_jobs = cached_property(lambda self: BatchJobs(self._bedrock, self.settings.batch_role_arn))
    tuning_jobs = cached_property(lambda self: TuningJobs(self._bedrock))
    deployments = cached_property(lambda self: Deployments(self._bedrock))
    evaluation_jobs = cached_property(lambda self: EvaluationJobs(self._bedrock, self.settings.evaluation_role_arn))
    catalogue = cached_property(lambda self: ModelCatalogue(self._bedrock))
    models = cached_property(lambda self: ModelClient(self.clients.client("bedrock-runtime", ONE_TRY)))
    embeddings = cached_property(
        lambda self: Embeddings(self.clients.client("bedrock-runtime"), self.settings.embedding_model_id)
    )
    callbacks = cached_property(lambda self: StepFunctionsCallbacks(self.clients.client("stepfunctions")))
    executions = cached_property(
        lambda self: Executions(self.clients.client("stepfunctions"), self.settings.state_machine_arn)
    )
    notices = cached_property(lambda self: Notices(self.clients.client("sns"), self.settings.topic_arn))
    parameters = cached_property(lambda self: Parameters(self.clients.client("ssm")))

    @property
    def _bedrock(self) -> Any:
        return self.clients.client("bedrock")
