"""Pairs whose worse answer is known."""

from distillation.judging.controls import Control, controls_of
from distillation.records import HoldoutItem
from distillation.task import Task, TaskKind

ITEMS = [HoldoutItem(prompt_id=f"p{number:02d}", prompt=f"q{number}") for number in range(30)]
LABEL = Task(kind=TaskKind.LABEL, labels=("good", "bad"))
LONG = {item.prompt_id: " ".join(f"word{item.prompt_id}-{n}" for n in range(9)) for item in ITEMS}


def test_five_injections_stand_behind_another_items_answer() -> None:
    teacher = {item.prompt_id: ("good", "bad")[number % 2] for number, item in enumerate(ITEMS)}
    found = controls_of(ITEMS, teacher, LABEL)
    assert list(found) == [Control.INJECTED]
    assert len({pair.item.prompt_id for pair in found[Control.INJECTED]}) == 5
    assert len({pair.student.split("\n", 1)[1] for pair in found[Control.INJECTED]}) == 5
    for pair in found[Control.INJECTED]:
        assert pair.teacher == teacher[pair.item.prompt_id] != pair.student.split("\n")[0]


def test_free_text_has_answers_that_must_lose_and_they_do_not_depend_on_the_order_of_the_items() -> None:
    found = controls_of(ITEMS, LONG, Task(kind=TaskKind.TEXT))
    assert found == controls_of(ITEMS[::-1], LONG, Task(kind=TaskKind.TEXT))
    assert [len(pairs) for pairs in found.values()] == [5, 10, 10]
    assert all(pair.student in LONG.values() and pair.student != pair.teacher for pair in found[Control.EXCHANGED])
    assert all(pair.teacher.startswith(f"{pair.student} ") for pair in found[Control.HALVED])


def test_where_all_answers_are_the_same_there_is_nothing_to_exchange() -> None:
    assert controls_of(ITEMS, {item.prompt_id: "good" for item in ITEMS}, LABEL) == {Control.INJECTED: []}
    assert controls_of([], {}, LABEL) == {Control.INJECTED: []}
