"""Which execution and which run a person means by a run id, an ARN or nothing at all."""

from application.services import Services
from cli.errors import CommandError
from distillation.bedrock.submission import RUN
from distillation.run.input import run_of_execution
from gateways.executions import Execution

SEARCHED = 200
"""How many executions are searched for a run id."""


def run_id_of(execution: Execution) -> str:
    """The run of an execution: as its input names it, or derived from the execution's name as PrepareRun does."""
    return run_of_execution(execution.input, execution.name)


def described(services: Services, arn: str) -> Execution:
    """One execution, whole. Raises CommandError where there is none."""
    found = services.executions.describe(arn)
    if found is None:
        raise CommandError(f"There is no execution {arn}.", "`python -m cli runs` lists the newest ones.")
    return found


def find_execution(services: Services, run: str | None) -> Execution:
    """By ARN; the newest execution of a run id; or the newest of all. Raises CommandError when there is none."""
    if run and run.startswith("arn:"):
        return described(services, run)
    listed = services.executions.latest(SEARCHED if run else 20)
    if not listed:
        raise CommandError("No run was started yet.", "`python -m cli start DATASET --upload FILE` starts one.")
    if run is None:
        return described(services, listed[0].arn)
    # A list does not show inputs. Most executions bear the run's own name or begin with it, and the ledger names the
    # last one that began the run; where none of that helps, an execution's input may name the run.
    row = services.ledger.row(run, RUN)
    names = {run, row.execution if row else run}
    likely = [one for one in listed if one.name in names or one.name.startswith(f"{run}_") or run_id_of(one) == run]
    seen = (described(services, one.arn) for one in (*likely, *listed))
    found = next((one for one in seen if run in (one.name, run_id_of(one))), None)
    if found is None:
        raise CommandError(
            f"There is no run {run} among the newest {len(listed)} executions.",
            "`python -m cli runs` lists them; an older one is found by its execution's ARN.",
        )
    return found


def find_run_id(services: Services, run: str | None) -> str:
    """A run id stands for itself, since a run's files outlive its execution."""
    return run if run and not run.startswith("arn:") else run_id_of(find_execution(services, run))


def place_of(services: Services, execution: Execution) -> str:
    """Where the AWS console shows an execution; its ARN where it is none of AWS's."""
    region = execution.arn.split(":")[3]
    page = f"https://{region}.console.aws.amazon.com/states/home?region={region}#/v2/executions/details/{execution.arn}"
    return f"Console  {page}" if services.executions.on_aws else f"ARN      {execution.arn}"
