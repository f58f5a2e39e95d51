"""Starts the local Bedrock: python -m local.bedrock --port P --emulator-url URL --home DIR."""

import argparse
import logging
import os
from pathlib import Path

import uvicorn

from local.bedrock import aws_clients
from local.bedrock.api.tags import Tags
from local.bedrock.catalog import HOME_REGION
from local.bedrock.faults import Faults
from local.bedrock.http.operations import operations
from local.bedrock.http.server import create_app
from local.bedrock.models import remote_teacher
from local.bedrock.models.conversation import Model
from local.bedrock.models.embedder import Embedder
from local.bedrock.models.engine import Engine
from local.bedrock.models.teacher import EmbeddedTeacher
from local.bedrock.services import Services

_LARGEST_POOL = 2


def main() -> None:
    """Load the models, then serve until a signal comes. Answers on 127.0.0.1 only."""
    options = _options()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    faults = Faults()
    services = Services(
        aws=aws_clients.connect(options.emulator_url, HOME_REGION),
        teacher=_teacher(),
        embedder=Embedder(_threads()),
        faults=faults,
        tags=Tags(),
        home=options.home / "bedrock",
        state_seconds=options.state_seconds,
        customization_jobs=options.customization_jobs,
    )
    app = create_app(operations(services), faults)
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=options.port,
        log_level="warning",
        ssl_certfile=options.certfile,
        ssl_keyfile=options.keyfile,
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.bedrock", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--emulator-url", required=True, help="Where S3, EventBridge and IAM are.")
    parser.add_argument("--home", type=Path, required=True, help="Folder for trained models.")
    parser.add_argument(
        "--state-seconds", type=float, default=0.2, help="How long a job stays in each state that takes no work."
    )
    parser.add_argument(
        "--customization-jobs", type=int, default=2, help="How many the account may have at once; 2 is AWS's default."
    )
    parser.add_argument("--certfile", help="Serve TLS with this certificate.")
    parser.add_argument("--keyfile", help="The certificate's key.")
    return parser.parse_args()


def _teacher() -> Model:
    return remote_teacher.from_environment() or EmbeddedTeacher(Engine(_threads()))


def _threads() -> int:
    # The models are small: more than two threads spend their time waiting for each other.
    return min(_LARGEST_POOL, os.cpu_count() or 1)


if __name__ == "__main__":
    main()
