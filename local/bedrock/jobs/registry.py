"""The jobs of one kind: accepted once a client token, unique by name, found by ARN, run in a thread of their own."""

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from local.bedrock.api.api_errors import conflict, not_found
from local.bedrock.api.idempotency import Tokens
from local.bedrock.api.tags import Tags
from local.bedrock.identifiers import last_part
from local.bedrock.jobs.job import Job

J = TypeVar("J", bound=Job)


class JobRegistry(Generic[J]):
    """All jobs of a kind since the start.

    `operation` creates them, `tags_member` is where it takes their tags, `what` is their name in messages.
    """

    def __init__(self, operation: str, what: str, tags: Tags, tags_member: str) -> None:
        self._operation, self._what, self._tags, self._tags_member = operation, what, tags, tags_member
        self._jobs: dict[str, J] = {}
        self._tokens, self._lock = Tokens(), threading.RLock()

    def submit(self, parameters: dict[str, Any], make: Callable[[], J], run: Callable[[J], None]) -> str:
        """The ARN of the job that `make` accepts and makes and `run` runs; of the earlier one where its token is known.

        Raises what `make` raises.
        """
        with self._lock:
            known = self._tokens.replay(self._operation, parameters)
            if known:
                return known
            job = make()
            self._jobs[job.job_id] = job
            self._tokens.remember(self._operation, parameters, job.arn)
        self._tags.add(job.arn, parameters.get(self._tags_member, []))
        job.announce_creation()
        threading.Thread(target=run, args=(job,), daemon=True, name=job.name).start()
        return job.arn

    def all(self) -> list[J]:
        """Every job, of every Region."""
        return list(self._jobs.values())

    def of_region(self, region: str) -> list[J]:
        """The jobs of a Region."""
        return [job for job in self.all() if job.region == region]

    def check_name(self, name: str) -> None:
        """Raise ConflictException where a job has that name."""
        if any(job.name == name for job in self.all()):
            raise conflict(f"The job name {name} is already in use. Choose another name, or adopt the job that has it.")

    def find(self, identifier: str, region: str) -> J:
        """The job of that ARN, id or name. Raises ResourceNotFoundException."""
        job = self._jobs.get(last_part(identifier)) or next((job for job in self.all() if job.name == identifier), None)
        if job is None or job.region != region:
            raise not_found(f"The {self._what} {identifier}")
        return job

    def stop(self, identifier: str, region: str) -> dict[str, Any]:
        """The output of the stop operation. Raises ConflictException where the job has ended."""
        job = self.find(identifier, region)
        if not job.begin_stopping():
            raise conflict(f"The job {job.name} is {job.status} and cannot be stopped.")
        return {}
