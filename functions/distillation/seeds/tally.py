"""Counts what became of the seeds, and decides whether a run may go on with them."""

from collections import Counter

from distillation.bedrock.limits import MIN_SAMPLES
from distillation.errors import InvalidInput, RecordsLost
from distillation.records import RejectedSeed, Seed
from distillation.seeds.reader import UNREADABLE_FIELD

DUPLICATE_REASONS = frozenset({"duplicate", "duplicate_conflicting_reference"})
"""Reasons of seeds that are set aside and do not count as bad: nothing is wrong with them, the same was said before."""

_KEPT_PROBLEMS = 20


def problem_line(rejected: RejectedSeed) -> str:
    """One line for people: where, what was found, what was expected, and the reason code."""
    return (
        f"{rejected.file} line {rejected.line}: {rejected.field}: found {rejected.found}, expected "
        f"{rejected.expected} ({rejected.reason})"
    )


class SeedTally:
    """Counts outcomes as they stream by; of the problems it holds the first ones only."""

    def __init__(self) -> None:
        self.seeds = 0
        self.reasons: Counter[str] = Counter()
        self._first: list[str] = []
        self._unreadable: list[str] = []

    @property
    def rejected(self) -> int:
        """All seeds that are not used, duplicates among them."""
        return self.reasons.total()

    @property
    def bad(self) -> int:
        """The rejected seeds that count against the allowed share."""
        return self.rejected - sum(self.reasons[reason] for reason in DUPLICATE_REASONS)

    def observe(self, outcome: Seed | RejectedSeed) -> None:
        """Counts one outcome."""
        if isinstance(outcome, Seed):
            self.seeds += 1
            return
        self.reasons[outcome.reason] += 1
        kept = self._unreadable if outcome.field == UNREADABLE_FIELD else self._first
        if outcome.reason not in DUPLICATE_REASONS and len(kept) < _KEPT_PROBLEMS:
            kept.append(problem_line(outcome))

    def check_share(self, max_rejected_seed_share: float, *, dataset: str, rejected_key: str) -> None:
        """Raises InvalidInput with the first problems where a file is unreadable, too many seeds are bad or too few
        left. `rejected_key`: where all of the rejected seeds are.
        """
        headlines = self._headlines(max_rejected_seed_share, dataset)
        if headlines:
            raise InvalidInput(
                f"{' '.join(headlines)} All rejected seeds are in {rejected_key}.",
                [*self._unreadable, *self._first],
                _KEPT_PROBLEMS,
            )

    def _headlines(self, max_share: float, dataset: str) -> list[str]:
        seeds_in, headlines = self.seeds + self.rejected, []
        if self._unreadable:
            files = "1 seed file" if len(self._unreadable) == 1 else f"{len(self._unreadable)} seed files"
            headlines.append(f"{files} cannot be read to the end.")
        if self.bad > max(max_share * seeds_in, len(self._unreadable)):
            reasons = ", ".join(
                f"{count:,} {reason}" for reason, count in self.reasons.most_common() if reason not in DUPLICATE_REASONS
            )
            headlines.append(
                f"{self.bad:,} of {seeds_in:,} seeds cannot be used ({self.bad / seeds_in:.1%}; at most "
                f"{max_share:.1%} may be bad): {reasons}."
            )
        if seeds_in == 0:
            headlines.append(f"There are no seeds: upload .jsonl or .csv files to seeds/{dataset}/.")
        elif self.seeds < MIN_SAMPLES:
            headlines.append(
                f"{self.seeds} different usable seed(s), expected at least {MIN_SAMPLES}: a fine-tuning job takes no "
                "fewer."
            )
        return headlines

    def check_complete(self, records: int) -> None:
        """Raises RecordsLost where `records`, counted when they were read, are not all seeds or rejected seeds now."""
        difference = records - self.seeds - self.rejected
        if difference:
            lost, added = max(difference, 0), max(-difference, 0)
            raise RecordsLost(
                "prepare_run", {f"{lost} seeds"} if lost else set(), {f"{added} seeds"} if added else set()
            )
