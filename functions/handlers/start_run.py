"""Uploads -> runs: each S3 event comes after the quiet window (the queue's delay) and starts a run, unless a newer file
came meanwhile. No clock is compared. The execution's name is a hash of the dataset's files: nothing starts twice.
"""

import json
from typing import Any

from application.entry import Event, Invocation, lambda_entry, logger
from application.services import Services
from distillation.layout import seeds_prefix
from distillation.run.uploads import dataset_of_key, execution_name, is_newest
from distillation.seeds.reader import is_seed_file


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, Any]:
    """Takes SQS messages, each an S3 event of EventBridge. What failed is given back to the queue."""
    failed: list[dict[str, str]] = []
    for message in event["Records"]:
        try:
            _start(json.loads(message["body"])["detail"]["object"], services)
        except Exception:
            logger.exception("the upload could not be handled; the queue will bring it again")
            failed.append({"itemIdentifier": message["messageId"]})
    return {"batchItemFailures": failed}


def _start(uploaded: dict[str, str], services: Services) -> None:
    dataset = dataset_of_key(uploaded["key"])
    files = [o for o in services.store.list(seeds_prefix(dataset)) if is_seed_file(o.key)]
    if not is_newest(uploaded["key"], uploaded["etag"], [(o.key, o.etag, o.modified) for o in files]):
        logger.info(
            "a newer file of this dataset brings its own event", extra={"dataset": dataset, "key": uploaded["key"]}
        )
        return
    name = execution_name(dataset, [(o.key, o.etag, o.modified) for o in files])
    started = services.executions.start(name, {"dataset": dataset})
    logger.info("started" if started else "already started", extra={"dataset": dataset, "execution": name})


handler = lambda_entry(run)
