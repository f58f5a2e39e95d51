"""What every function says of the machine it runs on."""

import errno

import pytest

from application.converse import RESERVE_MS
from application.entry import full_disk_is_said, own_files
from distillation.errors import DiskFull
from gateways.clients import ONE_TRY
from gateways.store import Store


def test_a_full_disk_says_what_to_do() -> None:
    with pytest.raises(DiskFull, match=r"batches\.maxShardRecords"), full_disk_is_said():
        raise OSError(errno.ENOSPC, "No space left on device")


def test_another_error_of_the_system_stays_what_it_is() -> None:
    with pytest.raises(OSError, match="gone") as raised, full_disk_is_said():
        raise OSError(errno.EIO, "gone")
    assert not isinstance(raised.value, DiskFull)


def test_a_call_under_way_ends_within_what_a_turn_keeps_of_its_time() -> None:
    assert ONE_TRY.read_timeout * 1000 < RESERVE_MS  # type: ignore[attr-defined]


RUN = {"run": {"runId": "mine", "dataset": "reviews"}}


class Untouched:
    """A client that nobody may ask."""

    def __getattr__(self, operation: str) -> object:
        def refuse(*_: object, **__: object) -> None:
            raise AssertionError(f"{operation} was asked")

        return refuse


@pytest.mark.parametrize(
    "key",
    ["runs/other/0-run/run.json", "runs/mine-2/a", "seeds/reviews/a.jsonl", "answers/reviews/other-shard-0000.jsonl"],
)
def test_a_run_cannot_write_what_is_not_its_own(key: str) -> None:
    store = Store(Untouched(), "bucket", lambda: own_files(RUN))  # type: ignore[arg-type]
    for write in (
        lambda: store.put(key, b""),
        lambda: store.put_lines(key, [b""]),
        lambda: store.copy("runs/mine/a", key),
        lambda: store.delete(key),
    ):
        with pytest.raises(PermissionError, match="expected a key below runs/mine/ or answers/reviews/mine- or"):
            write()


def test_an_event_without_a_run_is_bound_by_its_role_alone() -> None:
    assert own_files({"input": {"dataset": "reviews"}}) == own_files({"run": {"runId": "mine"}}) == ("",)
