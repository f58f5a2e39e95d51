"""Distributions over the forms of a few samples, for benchmarks: shares, distances, the corrected entropy."""

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping

from distillation.inference.samples import entropy


def shares(forms: Iterable[Hashable]) -> dict[Hashable, float]:
    """The empirical distribution: each form's share of all, in order of first appearance."""
    votes = Counter(forms)
    total = votes.total()
    return {form: count / total for form, count in votes.items()}


def entropy_miller_madow(counts: Iterable[int]) -> float:
    """Entropy in bits, corrected for bias (Miller 1955): plus (forms seen - 1) / (2 samples ln 2)."""
    seen = [count for count in counts if count]
    return entropy(seen) + (len(seen) - 1) / (2 * sum(seen) * math.log(2)) if seen else 0.0


def total_variation(p: Mapping[Hashable, float], q: Mapping[Hashable, float]) -> float:
    """Half the summed difference of two distributions, in 0 (same) to 1 (nothing in common)."""
    return sum(abs(p.get(form, 0.0) - q.get(form, 0.0)) for form in {**p, **q}) / 2


def cross_entropy(p: Mapping[Hashable, float], q: Mapping[Hashable, float]) -> float:
    """-sum p log q in nats: what a student with distribution `q` loses on average on samples of `p`.

    Infinite where `q` gives nothing to what `p` gives.
    """
    if any(share > 0 and q.get(form, 0.0) <= 0 for form, share in p.items()):
        return math.inf
    return -sum(share * math.log(q[form]) for form, share in p.items() if share > 0)
