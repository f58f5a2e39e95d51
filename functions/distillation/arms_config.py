"""The input's sections about the compared arms and about how a student comes to serve."""

from typing import Literal

from pydantic import Field

from distillation.config_section import Section

PromotionMode = Literal["auto", "approve", "never"]
"""`auto` promotes a student that passes the gate, `approve` asks a person first, `never` only reports."""


class Arms(Section):
    """Models that are compared beside teacher, base and student."""

    few_shot: int = Field(default=0, ge=0, le=32)
    """Examples of the training set that the untouched small model is shown before each question; 0 leaves this arm out."""
    direct: bool = False
    """Tune a second small model on the seeds' own references, with the same prompts and steps: a second training job. Most seeds need a reference."""


class Serving(Section):
    """How a student comes to serve, and what becomes of one that does not."""

    approval_hours: int = Field(default=72, ge=1, le=8760)
    """Hours that a run with `promotion: approve` waits for an answer. Without one the student is not promoted."""
    canary_items: int = Field(default=20, ge=1, le=200)
    """Holdout prompts that the stable deployment is asked before it is believed."""
    canary_agreement: float = Field(default=0.9, ge=0, le=1)
    """Share of them on which it must answer as the student did in its run; below it the model before serves again. Not 1: Bedrock's replies vary a little."""
    keep_rejected_model: bool = True
    """Keep the model of a student that was not promoted, for `promote` by hand. Its storage costs 1.95 USD a month; `false` deletes it."""
