"""Times as people read them."""

from datetime import datetime


def clock(seconds: float) -> str:
    """`0:07`, `12:40`, `3:05:09`; never below zero, since the clocks of two machines differ a little."""
    whole = max(0, int(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def elapsed(started: datetime | None, ended: datetime | None, now: datetime) -> str:
    """Time between two moments, until `now` while there is no end; "" before the start."""
    return clock(((ended or now) - started).total_seconds()) if started else ""
