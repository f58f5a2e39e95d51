"""The estimate before a start, against what the demo really used."""

from pathlib import Path

from cli.files.validate import check_input, check_seeds, local_files
from local.demo_seeds import DATASET, SETTINGS, demo_settings, write_demo_seeds

USED = {"teacher": 0.05913, "base": 0.002349, "training": 0.056196, "evaluation": 0.001822, "total": 0.119497}
"""USD of `make demo` on 24 November 2026, at Bedrock's prices and the local Bedrock's own token counts
(`8-report/report.json`, `costs`). `base` holds the three draws of few-shot, `training` and `evaluation` the direct arm.
"""


def test_what_the_demo_used_lies_within_the_bounds_of_every_stage(tmp_path: Path) -> None:
    seeds, _ = write_demo_seeds(tmp_path, demo_settings())
    config, _ = check_input({"dataset": DATASET, **SETTINGS})
    assert config is not None
    expected = check_seeds(config, local_files([seeds])).expected
    assert expected is not None
    spans = {span.stage: span for span in expected.money}
    assert set(spans) == set(USED)
    for stage, used in USED.items():
        assert spans[stage].low <= used <= spans[stage].high, (stage, spans[stage])
        assert spans[stage].high < 4 * spans[stage].low, "bounds that exclude nothing say nothing"
    few_shot = expected.estimate.tokens["fewShotInput"]
    assert 0.7 < few_shot / 105_119 < 2, "few-shot input was once estimated at 3.3 times what it was"


EXPANDED = {"expansion": 0.02988, "base": 0.002364, "training": 0.14746, "evaluation": 0.001822}
"""USD of the demo's seeds with 400 new prompts (`expansion` as below), likewise. Half of the teacher's answers came
from the cache, which no estimate counts, so its stage and the total are left out.
"""


def test_what_a_run_with_new_prompts_used_lies_within_the_bounds(tmp_path: Path) -> None:
    seeds, _ = write_demo_seeds(tmp_path, demo_settings())
    more = {"targetPrompts": 400, "promptsPerRequest": 3, "temperature": 0.8}
    config, _ = check_input({"dataset": DATASET, **SETTINGS, "expansion": more})
    assert config is not None
    expected = check_seeds(config, local_files([seeds])).expected
    assert expected is not None
    spans = {span.stage: span for span in expected.money}
    for stage, used in EXPANDED.items():
        assert spans[stage].low <= used <= spans[stage].high, (stage, spans[stage])
    tokens = expected.estimate.tokens
    assert 0.7 < tokens["expansionInput"] / 46_532 < 2 and 0.7 < tokens["expansionOutput"] / 7_042 < 2
