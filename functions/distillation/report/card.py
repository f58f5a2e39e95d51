"""`card.md`: the dataset card, in the form of the Hugging Face Hub (YAML front matter, then Markdown)."""

import json
import re
from collections.abc import Sequence

from distillation.dataset.manifest import Histogram, Manifest
from distillation.records import HoldoutItem, dialogue
from distillation.report.page_environment import pages
from distillation.run.record import RunRecord
from distillation.task import TaskKind

CARD_CHARACTERS = 400
BAR_CHARACTERS = 40
_SPDX = re.compile(r"[a-z0-9][a-z0-9.\-]*")
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
"""The Hub's own names of sizes."""


def card_of(manifest: Manifest, record: RunRecord, examples: Sequence[bytes], held: Sequence[HoldoutItem]) -> str:
    """The card. A few training lines (`examples`) and holdout items (`held`) are shown in it, shortened, as JSON."""
    return (
        pages()
        .get_template("card.md")
        .render(
            manifest=manifest,
            record=record,
            settings=record.config,
            licence=licence_of(record.config.licence),
            task_category="text-classification" if record.task.kind is TaskKind.LABEL else "text-generation",
            size=next((name for limit, name in _SIZES if manifest.counts["examples"] < limit), "n>1T"),
            examples=[_shown(json.loads(line)) for line in examples],
            held=[
                _shown(
                    {
                        "promptId": item.prompt_id,
                        "prompt": dialogue(item),
                        "system": item.system,
                        "reference": item.reference,
                    }
                )
                for item in held
            ],
            agreement=bars(manifest.agreement),
            entropy=bars(manifest.entropy),
        )
        + "\n"
    )


def licence_of(licence: str) -> tuple[str, str]:
    """The Hub's licence id, and a name where the licence is no identifier but a sentence ("other" then)."""
    lowered = licence.strip().lower()
    return (lowered, "") if _SPDX.fullmatch(lowered) else ("other", licence.strip())


def bars(histogram: Histogram) -> list[str]:
    """A line of text a bin that is not above the last value: its edges, a bar, its count."""
    used = max((i for i, count in enumerate(histogram.counts) if count), default=-1) + 1
    most = max(histogram.counts, default=0)
    return [
        f"{histogram.edges[i]:4.2f} - {histogram.edges[i + 1]:4.2f}  "
        f"{'#' * round(BAR_CHARACTERS * count / most):<{BAR_CHARACTERS}} {count:,}"
        for i, count in enumerate(histogram.counts[:used])
    ]


def _shown(value: object) -> str:
    return json.dumps(_shortened(value), ensure_ascii=False, indent=2)


def _shortened(value: object) -> object:
    if isinstance(value, dict):
        return {name: _shortened(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_shortened(part) for part in value]
    return value[:CARD_CHARACTERS] + " ..." if isinstance(value, str) and len(value) > CARD_CHARACTERS else value
