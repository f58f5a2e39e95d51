"""The faults that hit one job, taken once when the job is accepted."""

import hashlib
import math
from collections.abc import Iterable
from typing import NamedTuple

from local.bedrock.faults import JOB_FAULTS, Fault, Faults

BATCH_FAULTS = JOB_FAULTS
CUSTOMIZATION_FAULTS = ("failed", "stopped", "lostEvent", "earlyEvent", "doubledEvent", "slowJob")
DEPLOYMENT_FAULTS = ("failed", "slowJob")
EVALUATION_FAULTS = ("failed", "stopped", "slowJob")


class JobFaults(NamedTuple):
    """The faults of one job by their kind."""

    by_kind: dict[str, Fault]

    def get(self, kind: str) -> Fault | None:
        """The fault of that kind, if this job has it."""
        return self.by_kind.get(kind)

    @property
    def delay(self) -> float:
        """Seconds that the job takes longer."""
        slow = self.get("slowJob")
        return slow.seconds if slow else 0.0


def take(faults: Faults, kinds: Iterable[str], name: str) -> JobFaults:
    """Take every armed fault of `kinds` that names this job."""
    found = {kind: faults.take_for_job(kind, name) for kind in kinds}
    return JobFaults({kind: fault for kind, fault in found.items() if fault})


def hit(record_ids: list[str], share: float, salt: str) -> set[str]:
    """The record ids that a fault hits: `share` of them, rounded up, the same ones every time for the same `salt`."""
    ranked = sorted(record_ids, key=lambda record_id: hashlib.sha256(f"{salt}{record_id}".encode()).digest())
    return set(ranked[: math.ceil(share * len(ranked))])
