"""AssembleDataset: candidates of all shards -> train, validation, holdout, rejected, manifest and card."""

from application.dataset_files import write_dataset
from application.entry import Event, Invocation, lambda_entry
from application.reporting.budget import check_training
from application.run_files import account_of, read_run
from application.services import Services
from application.training_files import arms_to_train


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """Gives the arms to train, and whether the one that serves is to be chosen among them."""
    store, run_id = services.store, event["run"]["runId"]
    account_of(store, services.ledger, run_id)  # stops the run where the teacher gave no usable answer
    manifest = write_dataset(store, run_id)
    record, arms = read_run(store, run_id), arms_to_train(store, run_id)
    check_training(services, record, arms)
    return {"arms": arms, "choose": record.config.training.chooses, "counts": dict(manifest.counts)}


handler = lambda_entry(run)
