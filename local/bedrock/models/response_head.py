"""The student's trained part: a multinomial logistic regression over the training file's responses, on the trunk's
vectors.
"""

import warnings
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from local.bedrock.models.embedder import DIMENSIONS, Vectors

Logits = npt.NDArray[np.float64]
# L2 on the weights is PENALTY / n beside the mean cross-entropy, at the default hyperparameters: the best of a search
# over the demo's task.
PENALTY = 0.7
_FLOOR = 1e-9


class ResponseHead(NamedTuple):
    """Weights (responses x 384), intercepts, and the responses, in one order."""

    responses: tuple[str, ...]
    weights: npt.NDArray[np.float64]
    intercepts: npt.NDArray[np.float64]

    def probabilities(self, vectors: Vectors) -> Logits:
        """One row a vector, one column a response."""
        logits = vectors.astype(np.float64) @ self.weights.T + self.intercepts
        unscaled = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(unscaled / unscaled.sum(axis=1, keepdims=True))

    def loss(self, vectors: Vectors, responses: list[str]) -> float:
        """Mean cross-entropy in nats; a response that was never trained on counts with a probability of 1e-9."""
        column = {response: index for index, response in enumerate(self.responses)}
        table = self.probabilities(vectors)
        picked = [table[row, column[response]] if response in column else 0.0 for row, response in enumerate(responses)]
        return float(-np.mean(np.log(np.maximum(picked, _FLOOR))))


def untrained(responses: list[str]) -> ResponseHead:
    """The head before the first step: every response equally likely."""
    distinct = tuple(sorted(set(responses)))
    return ResponseHead(distinct, np.zeros((len(distinct), DIMENSIONS)), np.zeros(len(distinct)))


def fit(vectors: Vectors, responses: list[str], training_time: float) -> ResponseHead:
    """The head that `training_time` (1.0 = the default hyperparameters) makes of the examples.

    The longer, the weaker the L2 penalty.
    """
    blank = untrained(responses)
    if len(blank.responses) == 1:
        return blank
    model = LogisticRegression(C=training_time / PENALTY, max_iter=500, tol=1e-6)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(
            vectors.astype(np.float64),
            np.searchsorted(np.array(blank.responses, dtype=object), np.array(responses, dtype=object)),
        )
    weights, intercepts = np.asarray(model.coef_), np.asarray(model.intercept_)
    if len(blank.responses) == 2:
        # scikit-learn keeps one row for two classes: the log-odds of the second.
        weights, intercepts = np.vstack([np.zeros_like(weights), weights]), np.concatenate([[0.0], intercepts])
    return ResponseHead(blank.responses, weights, intercepts)
