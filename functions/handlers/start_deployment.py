"""StartDeployment: the custom model -> the name of its on-demand deployment, created once or adopted."""

from datetime import timedelta

from application.entry import Event, Invocation, lambda_entry
from application.services import Services
from application.submission import next_attempt
from distillation.bedrock import job_names
from distillation.bedrock.job_status import JobKind
from distillation.bedrock.submission import NEW, submit_once
from distillation.records import LedgerRow
from distillation.training.customization import deployment_request

DEPLOYMENT_TIME_LIMIT = timedelta(hours=6)


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """The deployment of one arm's model. One that failed or was deleted is not adopted: the next has its own name."""
    run = event["run"]
    name = next_attempt(
        lambda attempt: job_names.deployment(services.settings.app, run["runId"], event["arm"], attempt),
        lambda name: _usable(run["runId"], name, services),
    )
    tags = {"app": services.settings.app, "dataset": run["dataset"], "run": run["runId"]}
    submit_once(
        services.ledger,
        LedgerRow(run_id=run["runId"], job_name=name, kind=JobKind.DEPLOYMENT, state=NEW),
        find=services.deployments.find,
        create=lambda: services.deployments.create(deployment_request(name, model_arn=event["modelArn"], tags=tags)),
        now=services.now(),
        time_limit=DEPLOYMENT_TIME_LIMIT,
    )
    return {"jobName": name}


def _usable(run_id: str, name: str, services: Services) -> bool:
    arn, row = services.deployments.find(name), services.ledger.row(run_id, name)
    if arn is None:
        return row is None or row.job_arn is None
    return services.deployments.look(arn).status != "Failed"


handler = lambda_entry(run)
