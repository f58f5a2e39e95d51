"""What every kind of job needs: the emulator's AWS, the models, the faults, the pace of states, the folder of
artefacts.
"""

from pathlib import Path
from typing import NamedTuple

from local.bedrock.api.tags import Tags
from local.bedrock.aws_clients import Aws
from local.bedrock.faults import Faults
from local.bedrock.models.conversation import Model
from local.bedrock.models.embedder import Embedder


class Services(NamedTuple):
    """Shared by all parts of the server. `state_seconds` is how long a job stays in a state that takes no work,
    `customization_jobs` the account's quota of those that work at once.
    """

    aws: Aws
    teacher: Model
    embedder: Embedder
    faults: Faults
    tags: Tags
    home: Path
    state_seconds: float
    customization_jobs: int
