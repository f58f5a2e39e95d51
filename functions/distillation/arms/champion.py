"""What serves the dataset today, asked about this run's holdout under the system text it was trained with."""

import msgspec

from distillation.records import HoldoutItem
from distillation.seeds.prompts import full_system, own_system
from distillation.task import Task


def as_trained(item: HoldoutItem, task: Task, champions: Task | None) -> HoldoutItem:
    """The item of a run on `task` as the champion's run, on `champions`, would ask it: under the seed's own system text
    and that task's instruction. Unchanged where that task is not known (None).
    """
    if champions is None:
        return item
    return msgspec.structs.replace(item, system=full_system(own_system(item.system, task), champions))
