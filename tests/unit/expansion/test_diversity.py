"""What counts as said before, and what as off topic."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distillation.expansion.diversity import SeedTopic, apart_from, twins
from distillation.records import Prompt

ADJECTIVES, NOUNS = (
    ("great", "awful", "slow", "fresh", "stale", "rude", "kind"),
    ("soup", "pizza", "waiter", "dessert", "coffee", "bread", "salad"),
)
SEEDS = [
    f"The {noun} at this restaurant was {adjective}, and I {verb} go back."
    for noun in NOUNS
    for adjective in ADJECTIVES
    for verb in ("would", "will not")
]


def prompts(*texts: str, system: str = "") -> list[Prompt]:
    return [
        Prompt(prompt_id=f"{number}-{hash(text)}", prompt=text, seed_id="", system=system)
        for number, text in enumerate(texts)
    ]


LONG = (
    "I ordered the grilled salmon with lemon butter and a side of roasted potatoes, and everything arrived within "
    "ten minutes, hot and well seasoned"
)


def test_equal_but_for_case_width_and_white_space_is_an_exact_twin() -> None:
    known = prompts("The soup was cold.")
    (found,) = twins(known, prompts("the  SOUP was cold."), None)
    assert found == [(-1, known[0].prompt_id, "duplicate")]


def test_near_duplicates_of_known_ones_and_of_each_other() -> None:
    new = prompts(LONG + " indeed", "Something else altogether that nobody has written before", LONG + " indeed, yes")
    found = twins(prompts(LONG, *SEEDS), new, 0.7)
    assert [bool(one) for one in found] == [True, False, True]
    assert {place for place, _, _ in found[2]} == {-1, 0} and {reason for *_, reason in found[2]} == {"near_duplicate"}
    assert twins(prompts(LONG, *SEEDS), new, None) == [[], [], []]


def test_what_says_the_same_as_a_held_one_is_left_out_and_equal_ones_stay() -> None:
    new = prompts(LONG + " indeed", SEEDS[0], "Another one, about a phone", SEEDS[1])
    assert [p.prompt for p in apart_from(prompts(LONG, *SEEDS[2:]), [*new, new[1]], 0.7)] == [
        SEEDS[0],
        "Another one, about a phone",
        SEEDS[1],
        SEEDS[0],
    ]
    assert apart_from([], new, 0.7) == new


def test_the_same_words_under_another_system_text_are_another_question() -> None:
    assert twins(prompts(LONG, *SEEDS, system="Classify."), prompts(LONG, system="Translate."), 0.5) == [[]]


@given(st.lists(st.sampled_from(["a b c d", "A  b c d", "w x y z", "one two three four"]), max_size=12))
def test_of_equal_texts_every_one_but_the_first_has_a_twin(texts: list[str]) -> None:
    found = twins([], prompts(*texts), 0.8)
    first = {text.lower().split()[0]: place for place, text in reversed(list(enumerate(texts)))}
    assert [not one for one in found] == [place == first[text.lower().split()[0]] for place, text in enumerate(texts)]


def test_other_subjects_languages_and_code_are_off_topic() -> None:
    topic = SeedTopic(SEEDS, 0.05)
    off = [
        "∫ sin(x) dx = ?",
        "def main() -> None: return [x for x in range(10)]",
        "Wie spät ist es gerade in Tokio?",
        "SELECT name FROM users;",
    ]
    on = [
        "The pasta at this restaurant was bland, and I would not go back.",
        "The waiter was kind and the bread fresh, I will go back to this restaurant.",
    ]
    assert all(distance > topic.limit for distance in topic.distances(off))
    assert min(topic.distances(off)) > max(topic.distances(on))


def test_the_share_of_the_seeds_themselves_that_would_be_off_topic_is_as_set() -> None:
    import hashlib

    words = ["".join(chr(97 + byte % 26) for byte in hashlib.sha256(str(n).encode()).digest()[:7]) for n in range(60)]
    texts = [" ".join(words[byte % 60] for byte in hashlib.sha256(f"t{n}".encode()).digest()[:9]) for n in range(700)]
    topic = SeedTopic(texts[:350], 0.1)
    off = sum(distance > topic.limit for distance in topic.distances(texts[350:])) / 350
    assert off == pytest.approx(0.1, abs=0.06)


def test_a_seed_is_at_no_distance_from_itself_and_few_seeds_or_share_0_turn_the_test_off() -> None:
    assert SeedTopic(SEEDS, 0.05).distances(SEEDS[:2]) == pytest.approx([0, 0], abs=1e-5)
    assert SeedTopic([], 0.05).distances(["x"]) == [0.0]
    assert SeedTopic(SEEDS, 0).limit == SeedTopic(SEEDS[:1], 0.05).limit == 1.0
