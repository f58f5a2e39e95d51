"""estimate: money, time, tokens and events by stage, without AWS; validate says the same at its end."""

import json
from pathlib import Path

from distillation.bedrock.limits import Rate
from distillation.run.bounds import DeploymentBounds
from tests.unit.cli.run_stories import at, execution, whole_run
from tests.unit.cli.terminal_fake import Terminal


def seeds(folder: Path, count: int = 200) -> Path:
    path = folder / "seeds.jsonl"
    rows = ({"prompt": f"The film number {n} was great", "reference": "good" if n % 2 else "bad"} for n in range(count))
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def test_it_names_every_stage_with_low_and_high(terminal: Terminal, tmp_path: Path) -> None:
    code, said = terminal.call("estimate", seeds(tmp_path))
    assert code == 0
    rows = {line.split()[0]: line for line in said.splitlines() if " to " in line}
    assert list(rows)[-1] == "total" and {"teacher", "training", "deployment", "predictions"} <= rows.keys()
    assert "12 min to 24 h" in rows["teacher"]
    assert "USD a month a model" in said and "25,000 events" in said


def test_a_judge_and_new_prompts_cost_and_take_more(terminal: Terminal, tmp_path: Path) -> None:
    settings = tmp_path / "input.json"
    settings.write_text(json.dumps({"expansion": {"targetPrompts": 500}, "evaluation": {"judge": {}}}))
    _, plain = terminal.call("estimate", seeds(tmp_path))
    code, more = terminal.call("estimate", seeds(tmp_path), "--input", settings)
    assert code == 0
    assert "judging" in more and "expansion" in more and "judging" not in plain


def test_validate_ends_with_the_same_lines(terminal: Terminal, tmp_path: Path) -> None:
    _, estimated = terminal.call("estimate", seeds(tmp_path))
    _, validated = terminal.call("validate", seeds(tmp_path))
    assert estimated.strip() in validated


def test_start_ends_with_the_same_lines_of_the_seeds_in_the_bucket(terminal: Terminal, tmp_path: Path) -> None:
    path, settings = seeds(tmp_path), tmp_path / "input.json"
    settings.write_text('{"sampling": {"sampled": 3}}')
    terminal.cloud.files.objects["seeds/reviews/seeds.jsonl"] = path.read_bytes()
    _, plain = terminal.call("estimate", path)
    _, estimated = terminal.call("estimate", path, "--input", settings)
    code, started = terminal.call("start", "reviews", "--input", settings)
    assert code == 0 and estimated != plain and estimated.strip() in started
    assert terminal.json("start", "reviews", "--run-id", "again")[1]["expected"]["money"]


def test_seeds_that_fail_have_no_estimate(terminal: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "seeds.jsonl"
    path.write_text("nothing")
    code, said = terminal.call("estimate", path)
    assert code == 1
    assert "Expected" not in said


def test_start_reckons_with_the_models_the_rate_and_the_bound_of_the_deployment(
    terminal: Terminal, tmp_path: Path
) -> None:
    terminal.cloud.files.objects["seeds/reviews/seeds.jsonl"] = seeds(tmp_path).read_bytes()
    usual = terminal.json("start", "reviews")[1]["expected"]["estimate"]
    deployed = terminal.cloud.settings
    terminal.cloud.settings = deployed._replace(
        teacher_model_id="amazon.nova-micro-v1:0", student_model_id="amazon.nova-micro-v1:0:128k", rate=Rate(7, 9_000)
    )
    settings = tmp_path / "input.json"
    settings.write_text('{"deadlineHours": 700}')
    expected = terminal.json("start", "reviews", "--input", settings, "--run-id", "micro")[1]["expected"]
    assert expected["estimate"]["teacherUsd"] < usual["teacherUsd"] / 5
    assert expected["estimate"]["trainingUsd"] == usual["trainingUsd"]
    assert "(7 requests a minute)" in expected["deadline"]
    terminal.cloud.settings = deployed._replace(bounds=DeploymentBounds(max_usd_per_run=0.001))
    path = seeds(tmp_path)
    code, said = terminal.call("start", "others", "--upload", path)
    assert code == 1 and "this deployment's maxUsdPerRun, which no input can raise, is 0.001" in said
    assert "seeds/others/seeds.jsonl" not in terminal.cloud.files.objects


def test_start_says_how_long_the_datasets_last_run_took(terminal: Terminal, tmp_path: Path) -> None:
    terminal.cloud.files.objects["seeds/reviews/seeds.jsonl"] = seeds(tmp_path).read_bytes()
    assert "The last run" not in terminal.call("start", "reviews", "--run-id", "first")[1]
    terminal.cloud.machine.add(execution("SUCCEEDED", stopped=at(190), input={"dataset": "reviews"}))
    terminal.cloud.machine.events = list(whole_run(inside_maps=True).events)
    code, said = terminal.call("start", "reviews", "--run-id", "again")
    assert code == 0 and "The last run, reviews-" in said and "queues included: " in said
