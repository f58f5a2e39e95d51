"""The user's evaluation files, copied into the run when it first reads them."""

from distillation.errors import InvalidInput
from distillation.judging.preferences import Preference, read_preferences
from distillation.layout import RunLayout
from distillation.records import Seed
from distillation.run.config import RunConfig
from distillation.seeds.evaluation_files import read_evaluation_file
from gateways.store import Store


def people_preferences(store: Store, run_id: str, config: RunConfig) -> list[Preference]:
    """The choices of people that the judge is compared with. Raises InvalidInput: no such file, or it is unreadable."""
    key = config.evaluation.judge.preferences if config.evaluation.judge else None
    if key is None:
        return []
    copy = RunLayout(run_id).evaluation_copy(key)
    if not store.list(copy):
        if not store.list(key):
            raise InvalidInput("evaluation.judge.preferences", [f"found no {key} in the bucket, expected a file"])
        store.copy(key, copy)
    found, problems = read_preferences(key, store.lines(copy))
    if problems:
        raise InvalidInput(f"{len(problems)} problems in evaluation.judge.preferences", problems)
    return found


def evaluation_items(store: Store, run_id: str, config: RunConfig) -> list[Seed]:
    """The items of the user's evaluation files. Raises InvalidInput where a file cannot be read."""
    items, problems = list[Seed](), list[str]()
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
