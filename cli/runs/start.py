"""Starting a run: on files that are in the bucket, or by uploading files, which starts one by itself."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from application.services import Services
from cli.errors import CommandError
from cli.files.seeds import config_of, read_object, usable
from cli.files.validate import Findings, check_seeds, local_files
from cli.run_lookup import described
from distillation.bedrock.job_names import RUN_ID_MAX
from distillation.layout import dataset_input, seeds_prefix
from distillation.run.config import RunConfig
from distillation.seeds.reader import is_seed_file
from gateways.executions import Execution

TRIGGER_PATIENCE = timedelta(minutes=4)
"""How long to wait for the run of an upload: the trigger's quiet window (60 s by default), events and queue."""

_CORRECT = "Correct {}; docs/run-input.schema.json describes every key."


def read_input(path: Path | None, dataset: str, run_id: str | None = None) -> dict[str, Any]:
    """The file's object with the dataset of the command. Raises CommandError with every problem of it."""
    given = read_object(path) if path else {}
    if given.get("dataset", dataset) != dataset:
        raise CommandError(
            f"{path} is for the dataset {given['dataset']!r}, the command says {dataset!r}.",
            "Make them the same, or leave `dataset` out of the file.",
        )
    execution_input = {**given, "dataset": dataset, **({"runId": run_id} if run_id else {})}
    usable(execution_input, _CORRECT.format(path or "the arguments"))
    return execution_input


def new_settings(path: Path, dataset: str) -> RunConfig:
    """The file as the dataset's input.json. Raises CommandError with every problem of it."""
    return usable({"dataset": dataset}, _CORRECT.format(path), path.read_bytes())


def check_upload(services: Services, dataset: str, files: Sequence[Path], config: RunConfig | None) -> Findings:
    """What a run would say of the files beside those in the bucket, under `config` or the dataset's own settings."""
    config = config or config_of(services.store, dataset)
    names = {path.name for path in files}
    others = [stored.key for stored in services.store.list(seeds_prefix(dataset)) if is_seed_file(stored.key)]
    whole = not {key.rsplit("/", 1)[1] for key in others} - names
    return check_seeds(config, local_files(files), whole=whole, deployed=services.settings)


def new_run_id(dataset: str, now: datetime) -> str:
    """`reviews-20260102-030405`: readable, and new every second. At most 36 characters, as everywhere."""
    stamp = f"{now:%Y%m%d-%H%M%S}"
    words = [word for word in dataset[: RUN_ID_MAX - len(stamp) - 1].split("-") if word]
    return "-".join([*words, stamp])


def start_run(services: Services, execution_input: Mapping[str, Any]) -> Execution:
    """Starts an execution. Raises CommandError where there is one of that name.

    A run id that the input names is a run to go on with: its executions are told apart by the time.
    """
    given, now = execution_input.get("runId"), services.now()
    run_id = str(given or new_run_id(str(execution_input["dataset"]), now))
    name = f"{run_id}_{now:%Y%m%d-%H%M%S}" if given else run_id
    if not services.executions.start(name, {**execution_input, "runId": run_id}):
        raise CommandError(
            f"An execution named {name} exists already.", "Wait a second and start again, or give another --run-id."
        )
    return described(services, services.executions.arn_of(name))


def seed_keys(dataset: str, files: Sequence[Path]) -> dict[str, Path]:
    """The key that each file goes to. Raises CommandError for a file that no run reads, and for two of one name."""
    strangers = [path.name for path in files if not is_seed_file(path.name)]
    if strangers:
        raise CommandError(
            f"No seed files: {', '.join(strangers)}.", "Seeds are .jsonl or .csv files, each also as .gz."
        )
    keys = {seeds_prefix(dataset) + path.name: path for path in files}
    if len(keys) < len(files):
        raise CommandError(
            "Two of the files have the same name, so that one would replace the other.", "Rename one of them."
        )
    return keys


def upload_seeds(
    services: Services, dataset: str, keys: Mapping[str, Path], settings: Path | None, sent: Callable[[int], None]
) -> list[str]:
    """Uploads the settings, then the seeds, whose run reads them. Gives the keys of the dataset's other seed files."""
    if settings:
        services.store.upload(settings, dataset_input(dataset), lambda _: None)
    for key, path in sorted(keys.items()):
        services.store.upload(path, key, sent)
    below = (stored.key for stored in services.store.list(seeds_prefix(dataset)))
    return [key for key in below if is_seed_file(key) and key not in keys]


def await_triggered(
    services: Services, dataset: str, before: Sequence[Execution], sleep: Callable[[float], None]
) -> Execution:
    """The dataset's first execution that was not there before the upload. Raises CommandError when none comes."""
    known, until = {execution.arn for execution in before}, services.now() + TRIGGER_PATIENCE
    while services.now() < until:
        for listed in services.executions.latest(20):
            if listed.arn not in known:
                execution = described(services, listed.arn)
                if execution.input.get("dataset") == dataset:
                    return execution
                known.add(listed.arn)
        sleep(1.0)
    raise CommandError(
        f"The files are in the bucket, but no run started within {TRIGGER_PATIENCE.seconds} s.",
        f"`python -m cli start {dataset}` starts one on them. If uploads never start runs, see the trigger's queue and "
        "the log of the function StartRun.",
    )
