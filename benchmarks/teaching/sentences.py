"""The demo's task for the benchmarks of teaching: 3,000 review sentences with gold labels, asked as the pipeline asks
label tasks.

The sentences are the "Sentiment Labelled Sentences" of Kotzias et al. (2015), out of the npm package `sentiment`, as in
the demo.
"""

import json
import random

from distillation.instructions import label_system
from local.demo_seeds import SYSTEM
from local.paths import NODE_MODULES

LABELS = ("positive", "negative")
SYSTEM_TEXT = f"{SYSTEM}\n\n{label_system(LABELS)}"
_FIXTURES = NODE_MODULES / "sentiment" / "test" / "fixtures"
_SEED = 20_261_124


def sentences() -> list[tuple[str, str]]:
    """Distinct sentences with their gold labels, in one fixed random order."""
    rows = [
        row
        for site in ("amazon", "yelp", "imdb")
        for row in json.loads((_FIXTURES / f"{site}.json").read_text(encoding="utf-8"))
    ]
    # The last row of each file is empty.
    labelled = {
        row["text"].strip(): "positive" if row["class"] else "negative" for row in rows if row.get("text", "").strip()
    }
    found = sorted(labelled.items())
    random.Random(_SEED).shuffle(found)
    return found
