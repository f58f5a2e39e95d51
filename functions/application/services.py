"""What a handler can reach: one gateway a service, made when first used, so that a function opens only what it
needs.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property

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

    @cached_property
    def ledger(self) -> DynamoLedger:
        """The ledger of paid work."""
        return DynamoLedger(self.clients.table(self.settings.ledger_table))

    @cached_property
    def batch_jobs(self) -> BatchJobs:
        """Batch inference."""
        return BatchJobs(self.clients.client("bedrock"), self.settings.batch_role_arn)

    @cached_property
    def tuning_jobs(self) -> TuningJobs:
        """Model customization."""
        return TuningJobs(self.clients.client("bedrock"))

    @cached_property
    def deployments(self) -> Deployments:
        """On-demand deployments."""
        return Deployments(self.clients.client("bedrock"))

    @cached_property
    def models(self) -> ModelClient:
        """Converse."""
        return ModelClient(self.clients.client("bedrock-runtime", ONE_TRY))

    @cached_property
    def embeddings(self) -> Embeddings:
        """Vectors of texts."""
        return Embeddings(self.clients.client("bedrock-runtime"), self.settings.embedding_model_id)

    @cached_property
    def evaluation_jobs(self) -> EvaluationJobs:
        """Model evaluation by a judge."""
        return EvaluationJobs(self.clients.client("bedrock"), self.settings.evaluation_role_arn)

    @cached_property
    def catalogue(self) -> ModelCatalogue:
        """What models there are."""
        return ModelCatalogue(self.clients.client("bedrock"))

    @cached_property
    def callbacks(self) -> StepFunctionsCallbacks:
        """Tasks that wait."""
        return StepFunctionsCallbacks(self.clients.client("stepfunctions"))

    @cached_property
    def executions(self) -> Executions:
        """The state machine."""
        return Executions(self.clients.client("stepfunctions"), self.settings.state_machine_arn)

    @cached_property
    def notices(self) -> Notices:
        """The topic."""
        return Notices(self.clients.client("sns"), self.settings.topic_arn)

    @cached_property
    def parameters(self) -> Parameters:
        """SSM."""
        return Parameters(self.clients.client("ssm"))
