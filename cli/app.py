"""The commands: read arguments, ask `aws`, let the pure modules decide, print.

Exit codes: 0 good, 1 not, 2 wrong usage, 130 stopped by Ctrl-C.
"""

import getpass
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from typer.core import TyperGroup

from cli.aws import Cloud, application, connect
from cli.aws_advice import in_plain_words
from cli.errors import CommandError
from cli.files import fetch as fetching
from cli.files import validate as validating
from cli.runs import start as starting
from cli.runs import watch as watching
from cli.runs.draw_lists import RunLine, draw_findings, draw_runs
from cli.runs.draw_report import draw_report
from cli.runs.draw_run import outcome
from cli.runs.observed import Execution, json_object
from cli.runs.observer import RunObserver, run_id_of
from cli.runs.report_file import parse_report
from cli.runs.run_lookup import console_url, find_execution
from cli.serving import approve as approving
from cli.serving import promote as promoting
from cli.serving import rollback as rolling_back
from cli.serving.draw_serving import draw_serving, draw_verdict
from distillation.layout import RunLayout, seeds_prefix
from distillation.seeds.reader import is_seed_file

console = Console()
errors = Console(stderr=True)


class Commands(TyperGroup):
    """All commands; what goes wrong in one is said in two sentences, without a traceback, unless it is a defect."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except typer.Exit:
            raise
        except Exception as error:
            failed = error if isinstance(error, CommandError) else in_plain_words(error)
            if failed is None:
                raise
            _print_error(failed)
            raise typer.Exit(1) from None


app = typer.Typer(
    cls=Commands,
    help="Nova Distill: start runs, watch them, read their reports.",
    no_args_is_help=True,
    add_completion=False,
)
Stack = Annotated[str, typer.Option(help="The stack's name.")]
Region = Annotated[
    str | None,
    typer.Option(envvar=["AWS_REGION", "AWS_DEFAULT_REGION"], help="Default: the profile's, else us-east-1."),
]
Profile = Annotated[str | None, typer.Option(envvar="AWS_PROFILE", help="Profile of the AWS configuration.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Run = Annotated[str | None, typer.Argument(help="Run id or execution ARN. Default: the newest run.")]


@app.command()
def validate(
    files: Annotated[
        list[Path] | None, typer.Argument(exists=True, dir_okay=False, readable=True, help="Seed files.")
    ] = None,
    input_file: Annotated[
        Path | None,
        typer.Option(
            "--input", exists=True, dir_okay=False, readable=True, help="Execution input or a dataset's input.json."
        ),
    ] = None,
) -> None:
    """Check seeds and input without AWS, as a run would. Exit 1 if the run would fail."""
    if not files and not input_file:
        raise typer.BadParameter("name at least one seed file, or --input")
    config, findings = validating.check_input(
        {"dataset": "seeds", **(starting.read_object(input_file) if input_file else {})}
    )
    if config and files:
        findings = validating.check_seeds(config, files)
    console.print(draw_findings(findings))
    if findings.fatal:
        raise typer.Exit(1)
    if input_file:
        console.print(f"[bold green]✓[/] {input_file} can be used.", highlight=False)


@app.command()
def start(
    dataset: Annotated[str, typer.Argument(help="Name of the dataset: its files are in seeds/DATASET/ of the bucket.")],
    *,
    input_file: Annotated[
        Path | None,
        typer.Option(
            "--input", exists=True, dir_okay=False, readable=True, help="Settings that differ from the defaults (JSON)."
        ),
    ] = None,
    upload: Annotated[
        list[Path] | None,
        typer.Option(
            exists=True, dir_okay=False, readable=True, help="Upload this seed file first; repeat it for several."
        ),
    ] = None,
    run_id: Annotated[str | None, typer.Option(help="Go on with this run: it keeps what it has paid for.")] = None,
    stack: Stack = "NovaDistill",
    region: Region = None,
    profile: Profile = None,
) -> None:
    """Start a run. With --upload the files start it by themselves, a quiet minute after the last one."""
    if upload and run_id:
        raise typer.BadParameter("an upload starts a new run; leave out --run-id or --upload")
    execution_input = starting.read_input(input_file, dataset, run_id)
    keys = starting.seed_keys(dataset, upload or [])
    if keys and input_file:
        starting.check_settings(input_file, dataset)
    cloud = connect(stack, region, profile)
    execution = (
        _upload_and_await(cloud, dataset, keys, input_file)
        if keys
        else starting.start_run(cloud, execution_input, datetime.now(UTC))
    )
    console.print(f"Run      {run_id_of(execution)}\n{_place(cloud, execution)}", highlight=False, soft_wrap=True)
    console.print(f"Next: python -m cli watch {run_id_of(execution)}", style="dim", highlight=False, soft_wrap=True)


@app.command()
def watch(
    run: Run = None,
    *,
    stack: Stack = "NovaDistill",
    every: Annotated[float, typer.Option(min=0.2, help="Seconds between two looks.")] = 2.0,
    region: Region = None,
    profile: Profile = None,
) -> None:
    """Show a run as it goes. Exit 0 when it succeeds, 1 when it fails; Ctrl-C leaves the run alone."""
    cloud = connect(stack, region, profile)
    execution = find_execution(cloud, run)
    try:
        view = watching.watch(
            RunObserver(cloud, execution.arn).look,
            console,
            sleep=time.sleep,
            now=lambda: datetime.now(UTC),
            every=every,
        )
    except KeyboardInterrupt:
        console.print(
            f"\nNo longer watching. The run goes on: python -m cli watch {run_id_of(execution)}",
            highlight=False,
            soft_wrap=True,
        )
        raise typer.Exit(130) from None
    console.print(
        outcome(view, cloud.outputs.bucket, RunLayout(view.run_id).report("index.html")), soft_wrap=view.failure is None
    )
    if view.failure:
        console.print(_place(cloud, execution), highlight=False, soft_wrap=True)
        raise typer.Exit(1)


@app.command()
def report(run: Run = None, *, stack: Stack = "NovaDistill", region: Region = None, profile: Profile = None) -> None:
    """Print a run's verdict, its numbers with their intervals, its counts and costs."""
    cloud = connect(stack, region, profile)
    run_id = _run_id(cloud, run)
    layout = RunLayout(run_id)
    console.print(draw_report(parse_report(cloud.read(layout.report("report.json")), run_id)))
    page = f"s3://{cloud.outputs.bucket}/{layout.report('index.html')}"
    console.print(
        f"\nReport: {page}\nNext: python -m cli fetch {run_id} --to DIR, then open DIR/8-report/index.html",
        highlight=False,
        soft_wrap=True,
    )


@app.command()
def fetch(
    run: Run = None,
    *,
    to: Annotated[Path, typer.Option(file_okay=False, help="Folder to copy to; it is made if it is not there.")],
    stack: Stack = "NovaDistill",
    region: Region = None,
    profile: Profile = None,
) -> None:
    """Copy all files of a run, in the layout of the bucket."""
    cloud = connect(stack, region, profile)
    run_id = _run_id(cloud, run)
    number = _download(cloud, run_id, to)
    console.print(f"{number:,} files of the run {run_id} are in {to}", highlight=False, soft_wrap=True)


@app.command()
def compare(
    runs: Annotated[
        list[str], typer.Argument(help="Run ids, two to six; the first one's references and teacher are taken.")
    ],
    *,
    to: Annotated[Path, typer.Option(dir_okay=False, help="The page to write.")] = Path("comparison.html"),
    stack: Stack = "NovaDistill",
    region: Region = None,
    profile: Profile = None,
) -> None:
    """Compare the students of several runs on the holdout items that all of them have: a page, and tables here."""
    from cli.runs import compare as comparing  # noqa: PLC0415 - loads numpy, scipy and plotly, which no other command needs
    from cli.runs.draw_comparison import draw_comparison  # noqa: PLC0415
    from distillation.report.comparison_page import render_comparison  # noqa: PLC0415

    cloud = connect(stack, region, profile)
    run_ids = [_run_id(cloud, run) for run in runs]
    with console.status("Comparing ..."):
        found = comparing.comparison_of(cloud, run_ids, datetime.now(UTC).isoformat(timespec="seconds"))
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_text(render_comparison(found), encoding="utf-8")
    console.print(draw_comparison(found))
    console.print(f"\nPage: {to}", highlight=False, soft_wrap=True)


@app.command()
def rebuild(
    run: Annotated[str, typer.Argument(help="Run id.")],
    *,
    from_: Annotated[
        Path | None,
        typer.Option(
            "--from", exists=True, file_okay=False, help="Folder that `fetch` made. Default: download the run's files."
        ),
    ] = None,
    stack: Stack = "NovaDistill",
    region: Region = None,
    profile: Profile = None,
) -> None:
    """Make a run's dataset again from the replies, and compare every file with its manifest.

    Exit 1 where one differs.
    """
    from cli.files import rebuild as rebuilding  # noqa: PLC0415 - loads numpy, rensa and a language model, which no other command needs

    with tempfile.TemporaryDirectory() as folder:
        source = from_ or Path(folder, "run")
        if from_ is None:
            _download(connect(stack, region, profile), run, source, rebuilding.is_fetched)
        rebuilt = rebuilding.rebuild(run, source, Path(folder, "again"))
    console.print(rebuilding.draw(rebuilt))
    if rebuilt.differing:
        console.print(
            "\n".join(
                ["", f"[bold red]✗[/] {len(rebuilt.differing)} files differ.", *rebuilding.explanations(rebuilt)]
            ),
            highlight=False,
            soft_wrap=True,
        )
        raise typer.Exit(1)
    console.print(
        f"\n[bold green]✓[/] The dataset of {run} is the same, byte for byte.", highlight=False, soft_wrap=True
    )


@app.command()
def runs(
    *,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many.")] = 20,
    stack: Stack = "NovaDistill",
    region: Region = None,
    profile: Profile = None,
) -> None:
    """List the newest executions with status and verdict."""
    cloud = connect(stack, region, profile)
    with ThreadPoolExecutor(8) as pool:
        lines = list(pool.map(lambda listed: _run_line(cloud, listed.arn), cloud.latest(limit)))
    console.print(
        draw_runs(lines, datetime.now(UTC))
        if lines
        else "No run was started yet. Next: python -m cli start DATASET --upload FILE"
    )


@app.command()
def serving(
    dataset: Annotated[str, typer.Argument(help="Name of the dataset.")],
    *,
    stack: Stack = "NovaDistill",
    region: Region = None,
    profile: Profile = None,
) -> None:
    """Show which model serves a dataset, through which deployment, and what served before."""
    services = application(connect(stack, region, profile), profile)
    console.print(draw_serving(dataset, rolling_back.what_serves(services, dataset)))


@app.command()
def approve(
    run: Annotated[str, typer.Argument(help="Id of the run that waits.")],
    *,
    decline: Annotated[bool, typer.Option("--decline", help="Do not promote the student.")] = False,
    stack: Stack = "NovaDistill",
    region: Region = None,
    profile: Profile = None,
) -> None:
    """Answer a run that waits for approval: its student is promoted, or with --decline it is not."""
    services = application(connect(stack, region, profile), profile)
    approving.give_answer(services, approving.waiting_run(services, run), approved=not decline, by=getpass.getuser())
    console.print(
        f"{'Declined' if decline else 'Approved'}: {run}. Next: python -m cli watch {run}",
        highlight=False,
        soft_wrap=True,
    )


@app.command()
def promote(
    dataset: Annotated[str, typer.Argument(help="Name of the dataset.")],
    *,
    run: Annotated[str, typer.Option(help="Id of the run whose student is to serve.")],
    yes: Yes = False,
    stack: Stack = "NovaDistill",
    region: Region = None,
    profile: Profile = None,
) -> None:
    """Promote a run's student by hand, after a look at its verdict.

    The deployment's ARN stays; the model before can be brought back.
    """
    services = application(connect(stack, region, profile), profile)
    chosen = promoting.candidate(services, dataset, run)
    console.print(draw_verdict(run, chosen.verdict))
    console.print(f"Serves now: {chosen.serves_now or 'nothing'}", highlight=False)
    _confirm(f"Have the student of {run} serve {dataset}?", yes)
    parameter = promoting.promote(services, chosen, promoting.Waiting(_say, time.sleep))
    console.print(
        f"[bold green]✓[/] {run} serves {dataset}; {parameter} says so.\nBack: python -m cli rollback {dataset}",
        highlight=False,
        soft_wrap=True,
    )


@app.command()
def rollback(
    dataset: Annotated[str, typer.Argument(help="Name of the dataset.")],
    *,
    to: Annotated[str | None, typer.Option(help="Run of the history to go back to. Default: the one before.")] = None,
    skip_canary: Annotated[
        bool, typer.Option("--skip-canary", help="Do not compare with that run's predictions (its files may be gone).")
    ] = False,
    yes: Yes = False,
    stack: Stack = "NovaDistill",
    region: Region = None,
    profile: Profile = None,
) -> None:
    """Go back to the model that served before."""
    services = application(connect(stack, region, profile), profile)
    now = rolling_back.what_serves(services, dataset)
    target = rolling_back.rollback_target(now, to)
    console.print(draw_serving(dataset, now))
    _confirm(f"Have the student of {target.run_id} serve {dataset} again?", yes)
    parameter = rolling_back.roll_back(
        services, dataset, now, target, promoting.Waiting(_say, time.sleep), canary=not skip_canary
    )
    console.print(
        f"[bold green]✓[/] {target.run_id} serves {dataset} again; {parameter} says so.",
        highlight=False,
        soft_wrap=True,
    )


def _say(line: str) -> None:
    console.print(line, highlight=False, soft_wrap=True)


def _confirm(question: str, yes: bool) -> None:
    if not yes and not typer.confirm(question):
        raise CommandError("Nothing was changed.")


def _print_error(error: CommandError) -> None:
    errors.print(error.message, style="red", markup=False, highlight=False, soft_wrap=True)
    if error.next_step:
        errors.print(f"Next: {error.next_step}", markup=False, highlight=False, soft_wrap=True)


def _download(cloud: Cloud, run_id: str, folder: Path, is_wanted: Callable[[str], bool] = lambda _: True) -> int:
    root = RunLayout(run_id).root
    files = [file for file in fetching.files_of(cloud, run_id) if is_wanted(file.key.removeprefix(root))]
    with _transfer() as progress:
        task = progress.add_task(f"{len(files):,} files", total=sum(file.bytes for file in files))
        fetching.fetch(cloud, run_id, files, folder, lambda received: progress.advance(task, received))
    return len(files)


def _upload_and_await(cloud: Cloud, dataset: str, keys: dict[str, Path], settings: Path | None) -> Execution:
    before = cloud.latest(100)
    with _transfer() as progress:
        task = progress.add_task("Uploading", total=sum(path.stat().st_size for path in keys.values()))
        starting.upload_seeds(cloud, dataset, keys, settings, lambda sent: progress.advance(task, sent))
    others = [key for key in cloud.keys(seeds_prefix(dataset)) if is_seed_file(key) and key not in keys]
    console.print(f"Uploaded {', '.join(keys)}", highlight=False, soft_wrap=True)
    if others:
        console.print(f"Also part of the dataset: {', '.join(others)}", highlight=False, soft_wrap=True)
    with console.status("Waiting for the run that the upload starts ..."):
        return starting.await_triggered(cloud, dataset, before, sleep=time.sleep, clock=time.monotonic)


def _transfer() -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), console=console
    )


def _run_id(cloud: Cloud, run: str | None) -> str:
    """A run id stands for itself, since a run's files outlive its execution."""
    return run if run and not run.startswith("arn:") else run_id_of(find_execution(cloud, run))


def _run_line(cloud: Cloud, arn: str) -> RunLine:
    execution = cloud.describe(arn)
    run_id = run_id_of(execution)
    if execution.status != "SUCCEEDED":
        return RunLine(run_id, execution, "")
    verdict = json_object(cloud.read(RunLayout(run_id).report("report.json"))).get("verdict", {})
    return RunLine(run_id, execution, str(verdict.get("decision", "")))


def _place(cloud: Cloud, execution: Execution) -> str:
    return f"Console  {console_url(execution.arn)}" if cloud.on_aws else f"ARN      {execution.arn}"
