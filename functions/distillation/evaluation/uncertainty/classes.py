"""Label tasks: confusion, precision, recall, F1 of each label and macro F1, by an arm's first answer to an item."""

import math
from collections.abc import Collection
from typing import NamedTuple

import numpy as np

from distillation.evaluation.scores import CONFIDENCE, Against, ClassScore, Confusion, Metric
from distillation.evaluation.uncertainty.noninferiority import spread, z_value
from distillation.evaluation.uncertainty.statistics import (
    Bounds,
    Codes,
    Draw,
    Figures,
    Floats,
    bounds_of,
    metric_of,
    paired_bootstrap,
    share_of,
    spread_of,
)


class LabelTable(NamedTuple):
    """Right labels and each arm's answers over the same `rows` of the sheet, as numbers; -1 for no label."""

    labels: tuple[str, ...]
    rows: Codes
    truth: Codes
    answers: dict[str, Codes]

    @property
    def classes(self) -> list[int]:
        """The labels that occur as references: those over which macro F1 is averaged."""
        return sorted(set(self.truth.tolist()))

    def features(self, arm: str) -> Floats:
        """An arm's `class_features`."""
        return class_features(self.truth, self.answers[arm], self.classes)

    def within(self, rows: Collection[int]) -> "LabelTable | None":
        """The table on those of its rows that are in `rows`; None where there are none."""
        kept = np.isin(self.rows, np.fromiter(rows, dtype=np.int64))
        if not kept.any():
            return None
        return LabelTable(
            self.labels, self.rows[kept], self.truth[kept], {arm: codes[kept] for arm, codes in self.answers.items()}
        )


def confusion(table: LabelTable, arm: str) -> Confusion:
    """Counts of items: a row a label that was right, a column a label that was answered, the last column no label."""
    size = len(table.labels)
    answered = np.where(table.answers[arm] < 0, size, table.answers[arm])
    counts = np.bincount(table.truth * (size + 1) + answered, minlength=size * (size + 1)).reshape(size, size + 1)
    return Confusion(labels=table.labels, counts=tuple(tuple(row) for row in counts.tolist()))


def class_features(truth: Codes, answer: Codes, classes: list[int]) -> Floats:
    """Items x 3 classes: hits of every class, then whether each was answered, then whether it is true."""
    true = truth[:, None] == np.array(classes)
    given = answer[:, None] == np.array(classes)
    return np.hstack([true & given, given, true]).astype(float)


def class_figures(classes: int) -> Figures:
    """Macro F1, then precision, recall, F1 of each class; 0 / 0 is 0 (scikit-learn's zero_division=0)."""

    def figures(sums: Floats) -> Floats:
        hits, given, true = sums[:, :classes], sums[:, classes : 2 * classes], sums[:, 2 * classes : 3 * classes]
        f1 = _share(2 * hits, given + true)
        return np.hstack([f1.mean(axis=1, keepdims=True), _share(hits, given), _share(hits, true), f1])

    return figures


def _share(part: Floats, whole: Floats) -> Floats:
    return np.asarray(np.divide(part, whole, out=np.zeros_like(part), where=whole > 0))


def class_scores(table: LabelTable, arm: str, draw: Draw) -> tuple[Metric, dict[str, ClassScore]]:
    """Macro F1 with the jackknife's interval; each label's F1 with BCa, precision and recall with Wilson intervals."""
    classes, n, codes = table.classes, len(table.truth), draw.codes(table.rows)
    features, figures, size = table.features(arm), class_figures(len(classes)), len(classes)
    values = figures(features.sum(axis=0, keepdims=True))[0].tolist()
    ends = paired_bootstrap(features, figures, draw, codes) if n > 1 else [(value, value) for value in values]
    _, *rest = [
        metric_of(value, bounds_of(value, *end), n, Against.REFERENCE) for value, end in zip(values, ends, strict=True)
    ]
    bounds = jackknife_interval(values[0], macro_f1_pseudo_values(table, arm), codes)
    macro = metric_of(
        values[0], bounds._replace(low=max(0.0, bounds.low), high=min(1.0, bounds.high)), n, Against.REFERENCE
    )
    hits, given, true = features.sum(axis=0).astype(int).reshape(3, size).tolist()
    found = {
        table.labels[code]: ClassScore(
            support=true[i],
            answered=given[i],
            precision=share_of(hits[i], given[i]),
            recall=share_of(hits[i], true[i]),
            f1=rest[2 * size + i],
        )
        for i, code in enumerate(classes)
    }
    return macro, found


def macro_f1(table: LabelTable, arm: str) -> float:
    """The mean of F1 over the labels that occur as references."""
    return float(class_figures(len(table.classes))(table.features(arm).sum(axis=0, keepdims=True))[0, 0])


def macro_f1_pseudo_values(table: LabelTable, arm: str) -> Floats:
    """One value an item, n F1 - (n - 1) F1 without the item (Tukey's jackknife): they spread as macro F1 does."""
    features, n, figures = table.features(arm), len(table.truth), class_figures(len(table.classes))
    total = features.sum(axis=0, keepdims=True)
    return np.asarray(n * figures(total)[0, 0] - (n - 1) * figures(total - features)[:, 0])


def jackknife_interval(value: float, pseudo_values: Floats, codes: Codes | None) -> Bounds:
    """The interval of a figure by the spread of its pseudo-values (Tukey 1958), never without a width."""
    sd = spread(spread_of(pseudo_values, codes), len(pseudo_values))
    half = z_value(CONFIDENCE) * sd / math.sqrt(len(pseudo_values))
    return Bounds(value - half, value + half, "jackknife-z")
