"""How many calls may be under way at once, found out while calling: additive increase, multiplicative decrease (AIMD;
Chiu and Jain 1989, TCP's rule). Bedrock tells no quota in its replies and shares it with the whole account. Libraries
keep to a rate that one has to know (pyrate-limiter, aiometer) or are in their first release (ace-concurrency,
aimd-limiter). Not for several threads: who hands the calls out tells how they went.
"""

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Seconds without new calls after a throttled one, doubled with each cut in a row; Retry-After takes precedence."""
LONGEST_RETRY_AFTER = 60.0


class AdaptiveLimit:
    """`most`: most calls at the same time; `start`: calls at the beginning."""

    def __init__(self, *, most: int, start: int) -> None:
        self._most, self._limit = most, float(min(start, most))
        self._throttled_before, self._cut_at, self._cuts_in_a_row, self._quiet_until = (
            False,
            float("-inf"),
            0,
            float("-inf"),
        )

    def allowed(self, now: float) -> int:
        """Calls that may be under way now; 0 during a pause. `now`: seconds of a clock that never goes back."""
        return 0 if now < self._quiet_until else int(self._limit)

    def pause(self, now: float) -> float:
        """Seconds until new calls may be made."""
        return max(0.0, self._quiet_until - now)

    def went_well(self) -> None:
        """One call more for each round of answered ones; until the first cut each round doubles (slow start)."""
        self._cuts_in_a_row = 0
        self._limit = min(float(self._most), self._limit + (1 / self._limit if self._throttled_before else 1.0))

    def throttled(self, *, started: float, now: float, retry_after: float | None = None) -> None:
        """A call that began at `started` was throttled; one that began before the last cut says nothing new."""
        if started >= self._cut_at:
            self._throttled_before, self._cut_at = True, now
            self._limit = max(1.0, self._limit / 2)
            self._rest(now, min(FIRST_PAUSE * 2**self._cuts_in_a_row, LONGEST_PAUSE))
            self._cuts_in_a_row += 1
        if retry_after:
            self._rest(now, min(retry_after, LONGEST_RETRY_AFTER))

    def _rest(self, now: float, seconds: float) -> None:
        self._quiet_until = max(self._quiet_until, now + seconds)
