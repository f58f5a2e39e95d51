"""Which prompts stay when more lines survive than a job takes: for coverage and agreement, not at random.

Each category gets lines in proportion to what it has (largest remainder). Inside a category prompts are taken in turn
from groups of similar ones, the one on whose answer the samples agree most first; so what goes is first the second and
third of its kind, then what the teacher was least sure of.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from distillation.apportionment import apportion
from distillation.dataset.manifest import SelectionSummary

GROUP_THRESHOLD = 0.3
"""Prompts of this similarity form one group: it is coarse, a third of their word sequences are shared."""


def select(
    categories: Sequence[str],
    agreements: Sequence[float],
    lines: Sequence[int],
    groups_of: Callable[[], Sequence[int]],
    max_lines: int,
) -> tuple[list[int], SelectionSummary | None]:
    """Whole prompts, with all their lines, of at most `max_lines` lines: the numbers of those that stay, in
    order, and the summary (None where all fitted).

    One entry a prompt in each argument; the same input gives the same choice. `groups_of` gives each prompt's group of
    similar ones, and is called where not all fit.
    """
    if sum(lines) <= max_lines:
        return list(range(len(lines))), None
    groups = groups_of()
    turns = _turns(categories, agreements, groups)
    quotas = apportion(max_lines, {category: sum(lines[i] for i in members) for category, members in turns.items()})
    kept: set[int] = set()
    for category, members in turns.items():
        kept |= _filled(members, lines, quotas[category])
    rest = heapq.merge(*(_ranked(members, frozenset(kept)) for members in turns.values()))
    kept |= _filled([i for _, i in rest], lines, max_lines - sum(lines[i] for i in kept))
    return sorted(kept), _summary(categories, agreements, lines, groups, kept)


def _turns(categories: Sequence[str], agreements: Sequence[float], groups: Sequence[int]) -> dict[str, list[int]]:
    """Each category's prompts in the order in which they are taken: the best of every group, then the second of every
    group, and so on.
    """
    codes: dict[str, int] = {}
    code = np.array([codes.setdefault(category, len(codes)) for category in categories], np.int64)
    lowest_first, group = -np.array(agreements), np.array(groups, np.int64)
    order = np.lexsort((lowest_first, group, code))  # stable: of equals the first
    kind = np.stack([code, group])[:, order]
    begins = np.flatnonzero(np.concatenate([[True], (kind[:, 1:] != kind[:, :-1]).any(axis=0)]))
    turn = np.empty(len(order), np.int64)
    turn[order] = np.arange(len(order)) - np.repeat(begins, np.diff(np.append(begins, len(order))))
    taken = np.lexsort((lowest_first, turn))
    return {category: taken[code[taken] == codes[category]].tolist() for category in sorted(codes)}


def _ranked(members: Sequence[int], kept: frozenset[int]) -> Iterator[tuple[int, int]]:
    return ((rank, i) for rank, i in enumerate(members) if i not in kept)


def _filled(members: Sequence[int], lines: Sequence[int], room: int) -> set[int]:
    kept = set()
    for i in members:
        if lines[i] <= room:
            kept.add(i)
            room -= lines[i]
    return kept


def _summary(
    categories: Sequence[str], agreements: Sequence[float], lines: Sequence[int], groups: Sequence[int], kept: set[int]
) -> SelectionSummary:
    left = [i for i in range(len(lines)) if i not in kept]
    return SelectionSummary(
        kept=_counts(categories, sorted(kept)),
        left=_counts(categories, left),
        lines_kept=sum(lines[i] for i in kept),
        lines_left=sum(lines[i] for i in left),
        agreement_kept=_mean([agreements[i] for i in sorted(kept)]),
        agreement_left=_mean([agreements[i] for i in left]),
        groups=len(set(groups)),
        groups_covered=len({groups[i] for i in kept}),
    )


def _counts(categories: Sequence[str], members: Sequence[int]) -> dict[str, int]:
    return dict(sorted(Counter(categories[i] for i in members).items()))


def _mean(values: Sequence[float]) -> float:
    return round(float(np.mean(values)), 6) if values else 0.0
