"""A run's bucket as a folder, and the services that the curation handlers reach: production's protocols, files in the
place of S3.
"""

from datetime import UTC, datetime
from pathlib import Path

from application.services import Services
from cli.files.folder_store import FolderStore
from distillation.records import LedgerRow
from gateways.bedrock.model_catalogue import ModelLook
from settings import Settings

_PRO, _MICRO = "amazon.nova-pro-v1:0", "amazon.nova-micro-v1:0"
_STARTED = datetime(2026, 1, 1, tzinfo=UTC)


class _NoLedger:
    """No job was paid for here."""

    def rows(self, run_id: str) -> list[object]:
        return []

    def row(self, run_id: str, job_name: str) -> None:
        return None

    def take(self, row: LedgerRow, instead_of: str | None) -> str | None:
        """No other run of the dataset asks."""
        return row.execution

    def note(self, row: LedgerRow) -> None:
        """PrepareRun notes its run: nobody asks."""


class _AnyModel:
    """Every model is there."""

    def look(self, model_id: str) -> ModelLook:
        return ModelLook()

    def problem_with_profile(self, profile_id: str) -> None:
        return None


class _NothingServes:
    """No dataset has a student yet."""

    def get(self, name: str) -> None:
        return None


class NoHurry:
    """A turn with all of Lambda's 15 minutes left."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds."""
        return 900_000


def folder_services(root: Path) -> Services:
    """Services over a folder: what PrepareRun, PlanRequests, ReadReplies, ReduceShard and AssembleDataset use."""
    names = Settings("folder", "ledger", "bench", "role", "role", _PRO, _PRO, f"{_MICRO}:128k", _MICRO, "machine")
    services = Services(names, lambda: _STARTED)
    services.__dict__.update(
        store=FolderStore(root), ledger=_NoLedger(), catalogue=_AnyModel(), parameters=_NothingServes()
    )
    return services
