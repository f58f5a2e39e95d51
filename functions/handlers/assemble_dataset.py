"""AssembleDataset: candidates of all shards -> train, validation, holdout, rejected, manifest and card; every prompt
accounted for.
"""

from application.dataset_files import write_dataset
from application.direct_files import arms_to_train
from application.entry import Event, Invocation, lambda_entry
from application.run_files import account_of
from application.services import Services


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """Gives the arms to train. Stops the run where the teacher gave no usable answer at all."""
    store, run_id = services.store, event["run"]["runId"]
    account_of(store, services.ledger, run_id)
    manifest = write_dataset(store, run_id)
    return {"arms": arms_to_train(store, run_id), "counts": dict(manifest.counts)}


handler = lambda_entry(run)
