"""The user's evaluation files, copied into the run when it first reads them, so that what an example was compared with
stays known.
"""

from distillation.errors import InvalidInput
from distillation.layout import RunLayout
from distillation.records import Seed
from distillation.run.config import RunConfig
from distillation.seeds.evaluation_files import read_evaluation_file
from gateways.store import Store


def evaluation_items(store: Store, run_id: str, config: RunConfig) -> list[Seed]:
    """The items of the user's evaluation files, as they were when the run first read them.

    Raises:
        InvalidInput: a file is not there, or cannot be read.
    """
    items: list[Seed] = []
    problems: list[str] = []
    listed = {o.key for o in store.list(RunLayout(run_id).evaluation_copy("evaluation/"))}
    for key in config.decontamination.files:
        copy = RunLayout(run_id).evaluation_copy(key)
        if copy not in listed:
            store.copy(key, copy)
        found, unread = read_evaluation_file(key, store.chunks(copy), config.prompt_template)
        items += found
        problems += unread
    if problems:
        raise InvalidInput(f"{len(problems)} problems in decontamination.files", problems)
    return items
