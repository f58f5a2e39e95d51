"""The demo: the local AWS up, the app deployed, seeds uploaded, the run watched, its files copied, everything down
again.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec
from rich.table import Table

from local import lifecycle
from local.commands import wait_or_end
from local.demo_seeds import DATASET, demo_settings, write_demo_seeds
from local.deploy import deploy
from local.errors import LocalAwsError
from local.final_screen import final_screen
from local.instance import Instance
from local.paths import DEFAULT_HOME, PROJECT
from local.progress import Progress
from local.uploads import await_execution, check_seed_file, dataset_name, newest_execution, read_too, upload

# An instance of its own, so that one that the user keeps running is neither in the way nor taken down.
DEMO_HOME = DEFAULT_HOME / "demo"
_SHOWN_PROBLEMS = 10


# The columns that open the table of expansion; the reasons of rejections follow, what was kept stands last.
_FIRST = {"requests": 0, "asked": 1, "parsed": 2}


class _Expansion(msgspec.Struct, frozen=True):
    """The run's 1-prompts/expansion/summary.json, as far as it is shown."""

    target: int
    kept: int
    rounds: int
    why: str
    methods: dict[str, dict[str, int]]


class Upload(NamedTuple):
    """What the demo uploads: the seeds as they are, and the dataset's input.json where there is one."""

    dataset: str
    seeds: Path
    settings: Path | None


def run_demo(*, seeds: Path | None, settings: Path | None, out: Path, home: Path, keep: bool, expand: int = 0) -> bool:
    """The whole demo; True when the run succeeded. What was started is stopped again whatever happens, unless `keep`;
    a local AWS that an earlier demo kept is used again, its bucket and what was paid for included.

    `expand`: new prompts that the teacher is to make from the demo's own seeds. Raises LocalAwsError before anything
    is started where the files cannot make a run.
    """
    chosen = _chosen(seeds, settings, expand)
    progress = Progress()
    try:
        with demo_instance(home, progress, keep, kept=True) as instance:
            # The demo promotes by itself what has earned it: nobody is there to be asked.
            outputs = deploy(home, progress, context={"autoPromotionDatasets": chosen.dataset})
            _say_what_is_read_too(instance, outputs["BucketName"], chosen, progress)
            execution, succeeded = run_of(instance, outputs, chosen, progress)
            copied = copy_files(instance, execution, out, progress)
            if (out / "8-report" / "report.json").exists():
                command_line(instance, "report", execution)
    except KeyboardInterrupt:
        _say_stopped(progress, keep)
        raise
    _say_expansion(progress, out / "1-prompts" / "expansion" / "summary.json")
    _say_rejected_seeds(progress, out / "0-run" / "rejected-seeds.jsonl")
    _say_the_end(progress, out, succeeded, copied)
    return succeeded and copied


def run_of(
    instance: Instance, outputs: dict[str, str], chosen: Upload, progress: Progress, name: str = "run"
) -> tuple[str, bool]:
    """Upload, watch: the execution's ARN, and whether it succeeded. Its time is kept by `name`."""
    machine = outputs["StateMachineArn"]
    before = newest_execution(instance, machine)
    with progress.step(f"upload the seeds, wait for the {name} that they start"):
        upload(instance, outputs["BucketName"], *chosen)
        execution = await_execution(instance, machine, before)
    with progress.timed(name):
        return execution, command_line(instance, "watch", execution, "--every", "1")


def _chosen(seeds: Path | None, settings: Path | None, expand: int) -> Upload:
    if seeds is None:
        return Upload(DATASET, *write_demo_seeds(DEFAULT_HOME / "demo-seeds", demo_settings(expand)))
    if expand:
        raise LocalAwsError(
            "Expansion of your own seeds is a setting of your own input: expansion.targetPrompts, given with "
            "--input. Nothing was started."
        )
    check_seed_file(seeds)
    if settings and not settings.is_file():
        raise LocalAwsError(f"There is no file {settings}. Nothing was started.")
    _validate(seeds, settings)
    return Upload(dataset_name(seeds), seeds, settings)


def _validate(seeds: Path, settings: Path | None) -> None:
    """The same check as `python -m cli validate`, on this terminal, before anything is started."""
    command = [sys.executable, "-m", "cli", "validate", str(seeds), *(["--input", str(settings)] if settings else [])]
    if subprocess.run(command, cwd=PROJECT, check=False).returncode:
        raise LocalAwsError("A run with these files would fail, see above. Nothing was started.")


@contextmanager
def demo_instance(home: Path, progress: Progress, keep: bool, *, kept: bool = False) -> Iterator[Instance]:
    """A local AWS of the demo's own; where `kept`, the one that an earlier demo left running.

    Signals that end the program take it down too; while that goes on, further ones are ignored. Raises LocalAwsError
    where another demo is under way in `home`.
    """
    _stop_on_signals()
    with _alone(home):
        instance = (kept and _kept(home, progress)) or _started(home, progress)
        try:
            yield instance
        finally:
            if keep:
                _say_kept(home, progress)
            else:
                _take_down(home, progress)


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """One demo at a time in `home`: its end would take the local AWS down under the other. The lock ends with the
    process, however that ends.
    """
    home.mkdir(parents=True, exist_ok=True)
    with (home / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LocalAwsError(
                f"Another demo is under way in {home}. Wait for its end, or give this one a folder of its own: "
                f"{_command('demo', '--home', 'DIR')}"
            ) from None
        yield


def _started(home: Path, progress: Progress) -> Instance:
    with progress.step("start the local AWS (the first time, its environments are made)"):
        return lifecycle.up(home)


def _kept(home: Path, progress: Progress) -> Instance | None:
    """The instance that an earlier demo left; None where there is none, or where what is left of it cannot be used and
    is stopped.
    """
    if not lifecycle.is_there(home):
        return None
    ails = lifecycle.what_ails(home)
    if ails:
        progress.console.print(
            f"[yellow]The local AWS that was kept in {home} cannot be used: {ails}.[/] A new one is started. The "
            "bucket of the old one is gone, so the teacher is asked everything again.",
            soft_wrap=True,
        )
        lifecycle.down(home)
        return None
    progress.console.print(
        f"The local AWS that was kept in {home} is used again; its bucket has the answers of earlier runs.",
        soft_wrap=True,
    )
    return lifecycle.running_instance(home)


def _say_kept(home: Path, progress: Progress) -> None:
    lines = (
        "The local AWS keeps running, its bucket with it.",
        "  run again   make demo KEEP=1, or make demo, which stops it at its end",
        f"  stop it     {_command('down', '--home', os.path.relpath(home, PROJECT))}",
    )
    for line in lines:
        progress.console.print(line, soft_wrap=True, highlight=False)


def _command(*arguments: str) -> str:
    """`python -m local` as it can be typed in the project's folder, whichever environment the shell is in."""
    return " ".join([os.path.relpath(sys.executable, PROJECT), "-m", "local", *arguments])


def _stop_on_signals() -> None:
    for name in (signal.SIGTERM, signal.SIGHUP):
        # nohup has SIGHUP ignored; that stays so.
        if signal.getsignal(name) is not signal.SIG_IGN:
            signal.signal(name, lambda number, _: sys.exit(128 + number))


def _take_down(home: Path, progress: Progress) -> None:
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    with progress.step("stop the local AWS"):
        lifecycle.down(home)


def copy_files(instance: Instance, execution: str, out: Path, progress: Progress) -> bool:
    """The run's files to the folder `out`, which is emptied first; True when all are there."""
    shutil.rmtree(out, ignore_errors=True)
    with progress.timed("copy the run's files"):
        return command_line(instance, "fetch", execution, "--to", str(out))


def command_line(instance: Instance, *arguments: str) -> bool:
    """Run the project's command line against the local AWS, on this terminal; True when it succeeded.

    It has a process group of its own, so Ctrl-C reaches the demo alone: what the command line says to one, that the run
    goes on, is not true here.
    """
    with subprocess.Popen(
        [sys.executable, "-m", "cli", *arguments], cwd=PROJECT, env=instance.environment(), start_new_session=True
    ) as process:
        return wait_or_end(process) == 0


def _say_stopped(progress: Progress, keep: bool) -> None:
    """What Ctrl-C did; what keeps running has been said by then."""
    progress.console.show_cursor()
    progress.console.print(
        "Stopped by Ctrl-C. "
        + (
            "What was started in the local AWS goes on there."
            if keep
            else "The local AWS is down, and its run has ended with it. Nothing of this run is kept."
        )
    )


def _say_what_is_read_too(instance: Instance, bucket: str, chosen: Upload, progress: Progress) -> None:
    """A dataset's run reads all of its files, so what an earlier upload left has its part in this run."""
    if names := read_too(instance, bucket, *chosen):
        progress.console.print(
            f"[yellow]This run also reads what earlier ones left in seeds/{chosen.dataset}/:[/] {', '.join(names)}",
            soft_wrap=True,
        )


def _say_the_end(progress: Progress, out: Path, succeeded: bool, copied: bool) -> None:
    progress.console.print(times(progress))
    progress.console.print()
    if not copied:
        progress.console.print("[bold red]The run left no files[/] (see above).")
    elif succeeded:
        *lines, page = final_screen(out)
        progress.console.print("\n".join(lines))
        progress.console.print(page, soft_wrap=True)
    else:
        progress.console.print(f"[bold red]The run failed.[/] Its files are in {out}", soft_wrap=True)


def times(progress: Progress) -> Table:
    """How long each step took."""
    table = Table.grid(padding=(0, 2))
    for name, seconds in progress.seconds.items():
        table.add_row(name, f"{seconds:.1f} s")
    table.add_row("in all", f"{sum(progress.seconds.values()):.1f} s")
    return table


def _say_expansion(progress: Progress, path: Path) -> None:
    if not path.exists():
        return
    account = msgspec.json.decode(path.read_bytes(), type=_Expansion)
    progress.console.print(
        f"[bold]New prompts:[/] asked for {account.target:,}, got {account.kept:,} in {account.rounds} rounds "
        f"({account.why})"
    )
    names = dict.fromkeys(name for counts in account.methods.values() for name in counts)
    table = Table(
        "method",
        *sorted(names, key=lambda name: (_FIRST.get(name, 9 + (name == "kept")), name)),
        box=None,
        pad_edge=False,
    )
    for method, counts in account.methods.items():
        table.add_row(method, *(str(counts.get(str(column.header), 0)) for column in table.columns[1:]))
    progress.console.print(table)


def _say_rejected_seeds(progress: Progress, path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    if not lines:
        return
    progress.console.print(f"[yellow]{len(lines)} seeds were set aside, with reasons:[/] {path}", soft_wrap=True)
    for line in lines[:_SHOWN_PROBLEMS]:
        progress.console.print(f"  {line}", markup=False, overflow="ellipsis", no_wrap=True)
