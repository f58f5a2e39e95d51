"""What every function says of the machine it runs on."""

import errno

import pytest

from application.converse import RESERVE_MS
from application.entry import full_disk_is_said
from distillation.errors import DiskFull
from gateways.clients import ONE_TRY


def test_a_full_disk_says_what_to_do() -> None:
    with pytest.raises(DiskFull, match=r"batches\.maxShardRecords"), full_disk_is_said():
        raise OSError(errno.ENOSPC, "No space left on device")


def test_another_error_of_the_system_stays_what_it_is() -> None:
    with pytest.raises(OSError, match="gone") as raised, full_disk_is_said():
        raise OSError(errno.EIO, "gone")
    assert not isinstance(raised.value, DiskFull)


def test_a_call_under_way_ends_within_what_a_turn_keeps_of_its_time() -> None:
    assert ONE_TRY.read_timeout * 1000 < RESERVE_MS  # type: ignore[attr-defined]
