"""The present, in the precision that the API shows, so that a time read from an answer is the time that filters compare
with.
"""

from datetime import UTC, datetime


def now() -> datetime:
    """UTC, to the millisecond."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
