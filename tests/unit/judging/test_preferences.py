"""People's choices beside a judge's."""

import json

import pytest

from distillation.evaluation.scores import HumanAgreement
from distillation.judging.comparisons import cohens_kappa, human_agreement
from distillation.judging.pairs import orders_of
from distillation.judging.preferences import Preference, preference_pairs, read_preferences


def line(**more: str) -> bytes:
    return json.dumps({"prompt": "q", "first": "a", "second": "b", "choice": "first"} | more).encode()


def test_kappa_of_known_examples() -> None:
    """Two readers of 50 proposals, 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: 0.4 (the textbook's example); and Fleiss,
    Levin, Paik 2003, table 18.1: 100 patients, 3 diagnoses, 0.68.
    """
    assert cohens_kappa(
        [("yes", "yes")] * 20 + [("yes", "no")] * 5 + [("no", "yes")] * 10 + [("no", "no")] * 15
    ) == pytest.approx(0.4)
    table = {("p", "p"): 75, ("p", "n"): 1, ("p", "o"): 4, ("n", "p"): 5, ("n", "n"): 4, ("n", "o"): 1, ("o", "o"): 10}
    assert cohens_kappa([pair for pair, count in table.items() for _ in range(count)]) == pytest.approx(0.68, abs=0.005)
    assert cohens_kappa([("a", "a")] * 5) is None
    assert cohens_kappa([("a", "b"), ("b", "a")]) == -1


def test_what_cannot_be_read_is_told_with_its_line() -> None:
    found, problems = read_preferences("evaluation/p.jsonl", [line(), b"", line(choice="A"), b"{", line(system="s")])
    assert [one.system for one in found] == ["", "s"]
    assert [problem.split(": ")[1] for problem in problems] == ["line 3", "line 4"]
    assert read_preferences("evaluation/p.jsonl", [])[1] == ["evaluation/p.jsonl: found 0 lines, expected 1 to 500"]
    assert "found 501 lines" in read_preferences("evaluation/p.jsonl", [line()] * 501)[1][0]


def test_the_judge_agrees_where_both_orders_say_what_the_person_said() -> None:
    people = [
        Preference(prompt=f"q{n}", first="a", second="b", choice=c) for n, c in enumerate(("first", "tie", "second"))
    ]  # type: ignore[arg-type]
    said = [("A", "B"), ("A", "A"), ("A", "B")]
    choices = {
        request.record_id: choice
        for pair, both in zip(preference_pairs(people), said, strict=True)
        for request, choice in zip(orders_of(pair, "judge"), both, strict=True)
    }
    assert human_agreement(people, choices, "judge") == HumanAgreement(n=3, agreed=2, kappa=pytest.approx(0.5))
    assert human_agreement(people, {}, "judge") is None
