"""Which prompts stay when more lines survive than a job takes: for coverage and agreement, not at random.

Each category gets lines in proportion to what it has (largest remainder). Inside a category prompts are taken in turn
from groups of similar ones, the one on whose answer the samples agree most first; so what goes is first the second and
third of its kind, then what the teacher was least sure of.
"""

import heapq
from collections.abc import Sequence

import numpy as np

from distillation.apportionment import apportion
from distillation.dataset.manifest import SelectionSummary
from distillation.similarity.near_duplicates import Signatures, near_clusters

GROUP_THRESHOLD = 0.3
"""Similarity from which prompts are of one group: coarse, a third of the word sequences shared."""


def select(
    categories: Sequence[str], agreements: Sequence[float], lines: Sequence[int], signatures: Signatures, max_lines: int
) -> tuple[list[int], SelectionSummary | None]:
    """Whole prompts, with all their lines, of at most `max_lines` lines: the numbers of those that stay, in
    order, and the summary (None where all fitted).

    One entry a prompt in each argument; the same input gives the same choice.
    """
    if sum(lines) <= max_lines:
        return list(range(len(lines))), None
    groups = near_clusters(signatures, GROUP_THRESHOLD).tolist()
    turns = _turns(categories, agreements, groups)
    quotas = apportion(max_lines, {category: sum(lines[i] for i in members) for category, members in turns.items()})
    kept: set[int] = set()
    for category, members in turns.items():
        kept |= _filled(members, lines, quotas[category])
    rest = heapq.merge(*([(rank, i) for rank, i in enumerate(members) if i not in kept] for members in turns.values()))
    kept |= _filled([i for _, i in rest], lines, max_lines - sum(lines[i] for i in kept))
    return sorted(kept), _summary(categories, agreements, lines, groups, kept)


def _turns(categories: Sequence[str], agreements: Sequence[float], groups: Sequence[int]) -> dict[str, list[int]]:
    """Each category's prompts in the order in which they are taken: the best of every group, then the second of every
    group, and so on.
    """
    taken: dict[tuple[str, int], int] = {}
    ranked: dict[str, list[tuple[int, float, int]]] = {}
    for i in sorted(range(len(categories)), key=lambda i: (-agreements[i], i)):
        turn = taken.setdefault((categories[i], groups[i]), 0)
        taken[categories[i], groups[i]] = turn + 1
        ranked.setdefault(categories[i], []).append((turn, -agreements[i], i))
    return {category: [i for *_, i in sorted(ranked[category])] for category in sorted(ranked)}


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
    names, counts = np.unique([categories[i] for i in members], return_counts=True)
    return dict(zip(names.tolist(), counts.tolist(), strict=True))


def _mean(values: Sequence[float]) -> float:
    return round(float(np.mean(values)), 6) if values else 0.0
