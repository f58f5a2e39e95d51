"""The tour: a student that earns its promotion, a second one that meets the first as champion, and the way back."""

from pathlib import Path

from rich.markup import escape

from local.demo import Upload, command_line, copy_files, demo_instance, run_of, times
from local.demo_seeds import DATASET, SETTINGS, write_demo_seeds
from local.deploy import deploy
from local.final_screen import final_screen
from local.instance import Instance
from local.paths import DEFAULT_HOME
from local.progress import Progress

SEEDS = 2_000
# About 1,000 held-out sentences bound the difference to 2.5 points either way. The embedded student loses 3 to 4 points
# to its teacher, so a margin of 8 can be shown; a site's 330 sentences could not show it, so no site is gated.
# One greedy answer a sentence: with so many sentences a student learns nothing more from four others.
FIRST: dict[str, object] = SETTINGS | {
    "sampling": {"greedy": 1, "sampled": 0},
    "split": {"holdoutShare": 0.5},
    "arms": {"fewShot": 6},
    "evaluation": {"samples": 0},
    "gate": {"margin": 0.08, "minSliceItems": 500},
}
SECOND: dict[str, object] = FIRST | {"training": {"epochCount": 3}}


def run_tour(*, out: Path, home: Path, keep: bool) -> bool:
    """Two runs of one dataset and a rollback; True when each did what the tour is there to show.

    The files of the runs are copied to `out`/first and `out`/second.
    """
    progress = Progress()
    with demo_instance(home, progress, keep) as instance:
        outputs = deploy(home, progress, context={"autoPromotionDatasets": DATASET})
        _say(progress, f"1. {SEEDS:,} review sentences; the student is compared on the half that it never saw")
        first = _run(instance, outputs, FIRST, out / "first", progress)
        _say(
            progress,
            "2. The same seeds, trained for 3 epochs. The answers are paid for; what serves now is the champion",
        )
        second = _run(instance, outputs, SECOND, out / "second", progress)
        _say(progress, "3. The way back: the deployment keeps its ARN and serves the model before")
        shown = command_line(instance, "rollback", DATASET, "--yes") and command_line(instance, "serving", DATASET)
    for name in (name for name, copied in (("first", first), ("second", second)) if copied):
        _say(progress, f"The {name} run")
        *lines, page = final_screen(out / name)
        progress.console.print("\n".join(lines))
        progress.console.print(page, soft_wrap=True)
    progress.console.print(times(progress))
    return first and second and shown


def _run(
    instance: Instance, outputs: dict[str, str], settings: dict[str, object], to: Path, progress: Progress
) -> bool:
    name = to.name
    upload = Upload(DATASET, *write_demo_seeds(DEFAULT_HOME / "tour-seeds" / name, settings, SEEDS))
    execution, succeeded = run_of(instance, outputs, upload, progress, f"{name} run")
    return succeeded and copy_files(instance, execution, to, progress)


def _say(progress: Progress, text: str) -> None:
    progress.console.print(f"\n[bold]{escape(text)}[/]", highlight=False)
