"""start, watch, stop, report, runs, compare: what they read and print."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.command import Connect, Dataset, InputFile, Run, Uploads, on_stack

if TYPE_CHECKING:
    from application.services import Services
    from cli.files.validate import Findings
    from distillation.run.config import RunConfig
    from gateways.executions import Execution

VERDICT_CODES = {"promote": 0, "hold": 10, "reject": 11, "failed": 12}
SERVE_CODES = {"base": 10, "few-shot": 20, "direct": 30, "champion": 40}


@on_stack
def start(
    connect: Connect,
    dataset: Dataset,
    *,
    input_file: InputFile = None,
    upload: Uploads = None,
    run_id: Annotated[str | None, typer.Option(help="Go on with this run: it keeps what it has paid for.")] = None,
    unchecked: Annotated[
        bool, typer.Option("--unchecked", help="Upload files even if `validate` objects to them.")
    ] = False,
) -> None:
    """Start a run. With --upload the files start it by themselves, a quiet minute after the last one."""
    from cli.files.seeds import seed_files
    from cli.run_lookup import place_of, run_id_of
    from cli.runs import start as starting
    from cli.runs.earlier import last_run_before, told
    from cli.screen import screen

    if upload and run_id:
        raise typer.BadParameter("an upload starts a new run; leave out --run-id or --upload")
    execution_input = starting.read_input(input_file, dataset, run_id)
    keys = starting.seed_keys(dataset, upload or [])
    settings = starting.new_settings(input_file, dataset) if keys and input_file else None
    services = connect()
    if keys:
        findings = None if unchecked else _check_upload(services, dataset, upload or [], settings)
        execution = _upload_and_await(services, dataset, keys, input_file)
    else:
        seed_files(services.store, dataset)
        execution = starting.start_run(services, execution_input)
    screen.say(f"Run      {run_id_of(execution)}\n{place_of(services, execution)}")
    if not keys:  # an upload was checked before it began
        findings = _read_for_cost(services, dataset, execution_input)
    before = last_run_before(services, execution)
    if before.seconds:
        screen.say(told(before), "dim")
    screen.say(f"Next: python -m cli watch {run_id_of(execution)}", "dim")
    expected = findings and findings.expected
    ids = {"runId": run_id_of(execution), "executionArn": execution.arn}
    screen.data({**ids, "uploaded": list(keys), "expected": expected, "lastRun": before._asdict()})


def _read_for_cost(services: "Services", dataset: str, execution_input: dict[str, Any]) -> "Findings":
    from cli.files.draw_findings import draw_findings
    from cli.files.seeds import check_dataset
    from cli.screen import screen

    with screen.out.status("It has started. Reading its seeds to estimate what it will cost ..."):
        findings = check_dataset(services, dataset, execution_input)
    screen.show(draw_findings(findings))
    return findings


def _check_upload(services: "Services", dataset: str, files: list[Path], settings: "RunConfig | None") -> "Findings":
    from cli.files.draw_findings import draw_findings
    from cli.runs.start import check_upload
    from cli.screen import screen

    findings = check_upload(services, dataset, files, settings)
    screen.show(draw_findings(findings))
    if findings.fatal:
        screen.say("Nothing was uploaded. --unchecked uploads all the same.")
        screen.data(findings)
        raise typer.Exit(1)
    return findings


def _upload_and_await(services: "Services", dataset: str, keys: dict[str, Path], settings: Path | None) -> "Execution":
    from cli.runs import start as starting
    from cli.screen import screen

    before = services.executions.latest(100)
    with screen.transfer() as progress:
        task = progress.add_task("Uploading", total=sum(path.stat().st_size for path in keys.values()))
        others = starting.upload_seeds(services, dataset, keys, settings, lambda sent: progress.advance(task, sent))
    screen.say(f"Uploaded {', '.join(keys)}")
    if settings:
        screen.say(f"{settings} is now the dataset's own input.json and holds for every later run.")
    if others:
        screen.say(f"Also part of the dataset: {', '.join(others)}")
    with screen.out.status("Waiting for the run that the upload starts ..."):
        return starting.await_triggered(services, dataset, before, time.sleep)


@on_stack
def watch(
    connect: Connect,
    run: Run = None,
    *,
    every: Annotated[float, typer.Option(min=0.2, help="Seconds between two looks.")] = 2.0,
) -> None:
    """Show a run as it goes. Exit 0 when it succeeds, 1 when it fails; Ctrl-C leaves the run alone."""
    from cli.run_lookup import find_execution, place_of, run_id_of
    from cli.runs import watch as watching
    from cli.runs.draw.run import outcome
    from cli.runs.earlier import last_run_before
    from cli.runs.observed import RunObserver
    from cli.screen import screen
    from distillation.layout import RunLayout

    services = connect()
    execution = find_execution(services, run)
    try:
        look = RunObserver(services, execution.arn).look
        earlier = last_run_before(services, execution)
        view = watching.watch(look, screen.out, sleep=time.sleep, now=services.now, every=every, earlier=earlier)
    except KeyboardInterrupt:
        screen.say(f"\nNo longer watching. The run goes on: python -m cli watch {run_id_of(execution)}")
        raise typer.Exit(130) from None
    screen.show(outcome(view, services.settings.bucket))
    screen.data(view)
    if view.failure:
        screen.say(place_of(services, execution))
        raise typer.Exit(1)
    screen.say(f"Report: {services.store.uri(RunLayout(view.run_id).report('index.html'))}")
    screen.say(f"Next: python -m cli report {view.run_id}, or python -m cli fetch {view.run_id} --to DIR", "dim")


@on_stack
def stop(connect: Connect, run: Run = None) -> None:
    """Stop a run, its jobs and its deployments, and say what it has cost so far. Exit 1 where something is left."""
    from cli.run_lookup import find_execution, run_id_of
    from cli.runs.stop import cost_so_far, stop_run
    from cli.screen import screen
    from distillation.wording import usd

    services = connect()
    execution = find_execution(services, run)
    pause = services.settings.retire_again_seconds
    with screen.out.status(f"Stopping; a second look may follow after {pause:g} seconds ..."):
        done = stop_run(services, execution, lambda: services.pause(pause))
    run_id = run_id_of(execution)
    for line in done["retired"]:
        screen.done(line)
    for line in done["kept"]:
        screen.say(f"kept {line}")
    for left in done["left"]:
        screen.say(f"STILL COSTS MONEY: {left['what']} ({left['why']}); {left['command']}", "bold red")
    if costs := cost_so_far(services, run_id):
        for paid in costs.lines:
            screen.say(f"{paid.stage}, {paid.route}: {'no price known' if paid.usd is None else usd(paid.usd)}")
        screen.say(f"So far: {usd(costs.total_usd)}, counted from the replies that were read")
    screen.say(f"Next: python -m cli start DATASET --run-id {run_id} goes on with what was paid for")
    screen.data({"runId": run_id, **{what: done[what] for what in ("retired", "kept", "left")}, "costs": costs})
    if done["left"]:
        raise typer.Exit(1)


@on_stack
def report(
    connect: Connect,
    run: Run = None,
    *,
    exit_code: Annotated[
        bool,
        typer.Option(
            "--exit-code",
            help="Exit 0 for promote, 10 for hold, 11 for reject, 12 for a failed run; 10 more where the base should "
            "serve, 20 few-shot, 30 direct, 40 the champion.",
        ),
    ] = False,
) -> None:
    """Print a run's verdict, its numbers with their intervals, its counts and costs."""
    from cli.run_lookup import find_run_id
    from cli.runs.draw.report import draw_report
    from cli.runs.report_file import parse_report
    from cli.screen import screen
    from distillation.layout import RunLayout

    services = connect()
    run_id = find_run_id(services, run)
    layout = RunLayout(run_id)
    body = services.store.get_or_none(layout.report("report.json"))
    found, beside = parse_report(body, run_id), services.store.get_or_none(layout.report("failure.json"))
    screen.show(draw_report(found))
    if beside and (failed := parse_report(beside, run_id)).created_at >= found.created_at:
        screen.say(f"\nAfter this verdict: {failed.verdict.headline}", "bold red")
        for reason in failed.verdict.reasons:
            screen.say(f"  {reason}")
    screen.data(body)
    screen.say(f"\nReport: {services.store.uri(layout.report('index.html'))}")
    screen.say(f"Next: python -m cli fetch {run_id} --to DIR, then open DIR/8-report/index.html")
    if exit_code:
        verdict = found.verdict
        raise typer.Exit(VERDICT_CODES.get(verdict.decision, 1) + SERVE_CODES.get(verdict.serve or "", 0))


@on_stack
def compare(
    connect: Connect,
    runs: Annotated[
        list[str], typer.Argument(help="Two to six run ids. References and teacher are those of the first.")
    ],
    *,
    to: Annotated[Path, typer.Option(dir_okay=False, help="The page to write.")] = Path("comparison.html"),
) -> None:
    """Compare the students of several runs on the holdout items that all of them have: a page, and tables here."""
    from cli.run_lookup import find_run_id
    from cli.runs.compare import comparison_of
    from cli.runs.draw.comparison import draw_comparison
    from cli.screen import screen
    from distillation.report.comparison_page import render_comparison

    services = connect()
    run_ids = [find_run_id(services, run) for run in runs]
    with screen.out.status("Comparing ..."):
        found = comparison_of(services.store, run_ids, services.now().isoformat(timespec="seconds"))
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_text(render_comparison(found), encoding="utf-8")
    screen.show(draw_comparison(found))
    screen.say(f"\nPage: {to}")
    screen.data({"page": str(to), "comparison": found})


@on_stack
def runs(connect: Connect, *, limit: Annotated[int, typer.Option(min=1, max=200, help="How many.")] = 20) -> None:
    """List the newest executions with status and verdict."""
    from cli.runs.draw.runs import as_json, draw_runs, run_line
    from cli.screen import screen

    services = connect()
    listed = services.executions.latest(limit)
    if not listed:
        screen.say("No run was started yet. Next: python -m cli start DATASET --upload FILE")
    _ = services.store  # made before the threads begin: a session of boto3 is not for many at once
    with ThreadPoolExecutor(8) as pool:
        lines = list(pool.map(lambda one: run_line(services, one.arn), listed))
    if lines:
        screen.show(draw_runs(lines, services.now()))
    screen.data([as_json(line) for line in lines])
