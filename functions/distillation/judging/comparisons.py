"""What a judge said of pairs of answers in both orders -> wins, ties, losses, and how much the place decided."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from distillation.evaluation.scores import Against, Comparisons, ControlResult, HumanAgreement, Metric
from distillation.evaluation.uncertainty.statistics import Draw, mcnemar, mean_intervals, metric_of
from distillation.judging.controls import Control
from distillation.judging.pairs import CHOICE, FIRST, SECOND, Pair, orders_of
from distillation.judging.preferences import Preference, preference_pairs
from distillation.records import Answer, Arm, HoldoutItem, Request
from distillation.task import Task, answer_reader, canonical_answer

WIN, DRAW, LOSS = 1.0, 0.5, 0.0
PairOutcome = tuple[float, bool, float | None]
"""The student's result in a pair, whether the two orders agree, and the share of choices for the answer shown first
(None without a choice).
"""
_CHOSEN = {WIN: "first", DRAW: "tie", LOSS: "second"}
LEAST_PAIRS, LEAST_CONSISTENT, LEAST_RIGHT, LEAST_KAPPA = 10, 0.6, 0.8, 0.4


def choices_of(answers: Iterable[Answer]) -> dict[str, str]:
    """Record id -> A, B or tie, of the replies that name one."""
    read = answer_reader(CHOICE)
    found = ((answer.record_id, read(answer.text)) for answer in answers)
    return {record_id: choice for record_id, choice in found if isinstance(choice, str)}


def pair_outcome(orders: tuple[Request, Request], choices: Mapping[str, str]) -> PairOutcome | None:
    """A pair is won or lost only when both orders say so. None where one of them has no choice."""
    student_first, teacher_first = (choices.get(request.record_id) for request in orders)
    if student_first is None or teacher_first is None:
        return None
    for_student = (student_first == FIRST) + (teacher_first == SECOND)
    for_teacher = (student_first == SECOND) + (teacher_first == FIRST)
    made = [choice for choice in (student_first, teacher_first) if choice in (FIRST, SECOND)]
    result = WIN if for_student == 2 else LOSS if for_teacher == 2 else DRAW
    return result, result != DRAW or not made, made.count(FIRST) / len(made) if made else None


def unpaired(
    items: Iterable[HoldoutItem], student: Mapping[str, str | None], teacher: Mapping[str, str | None], task: Task
) -> list[float | None]:
    """The student's result on each item that makes no pair, from what both said (`said_by_prompt`): who gave no answer
    of the task loses; neither did: a tie. None where the service lost one, which says nothing of the models.
    """
    found: list[float | None] = []
    for item in items:
        if item.prompt_id not in student or item.prompt_id not in teacher:
            found.append(None)
            continue
        texts = student[item.prompt_id], teacher[item.prompt_id]
        own, other = (text is not None and canonical_answer(text, task) is not None for text in texts)
        if not (own and other):
            found.append(WIN if own else LOSS if other else DRAW)
    return found


def comparisons(
    pairs: Sequence[Pair], choices: Mapping[str, str], judge: str, others: Sequence[float | None], draw: Draw
) -> Comparisons:
    """`others`: the results of the judged items that are in no pair (`unpaired`). `judge`: the model that was asked."""
    asked = [pair_outcome(orders_of(pair, judge), choices) for pair in pairs if not pair.equal]
    equal, judged = len(pairs) - len(asked), [outcome for outcome in asked if outcome is not None]
    failed = [result for result in others if result is not None]
    results = [result for result, _, _ in judged] + [DRAW] * equal + failed
    consistent = sum(agree for _, agree, _ in judged)
    first_place = _mean([share for _, _, share in judged if share is not None], draw)
    win, loss = results.count(WIN), results.count(LOSS)
    return Comparisons(
        arm=Arm.STUDENT,
        minus=Arm.TEACHER,
        n=len(results),
        win=win,
        tie=results.count(DRAW),
        loss=loss,
        equal=equal,
        consistent=consistent,
        unanswered=len(failed),
        lost=len(others) - len(failed),
        unjudged=len(asked) - len(judged),
        win_rate=None if biased(consistent, len(judged), first_place) else _mean(results, draw),
        p_value=mcnemar(win, loss),
        first_place=first_place,
    )


def biased(consistent: int, asked: int, first_place: Metric | None) -> bool:
    """Whether the place decided: of at least 10 pairs under 60 in 100 orders agree, or the interval of choices for the
    first place lies wholly beyond 40 to 60 %.
    """
    if asked < LEAST_PAIRS:
        return False
    low, high = (first_place.low, first_place.high) if first_place else (None, None)
    one_sided = (low is not None and low > 0.6) or (high is not None and high < 0.4)
    return consistent < LEAST_CONSISTENT * asked or one_sided


def control_results(
    controls: Mapping[Control, Sequence[Pair]], choices: Mapping[str, str], judge: str
) -> tuple[ControlResult, ...]:
    """How often the worse answer of each kind of control pair was chosen, and the better one."""
    found = []
    for kind, pairs in controls.items():
        results = [one[0] for pair in pairs if (one := pair_outcome(orders_of(pair, judge), choices)) is not None]
        found.append(ControlResult(kind=kind, n=len(results), won=results.count(WIN), lost=results.count(LOSS)))
    return tuple(found)


def judge_troubles(found: Comparisons) -> tuple[str, ...]:
    """Why the judge's comparisons are not to be believed, for the report."""
    asked = found.n - found.equal - found.unanswered
    said = []
    if biased(found.consistent, asked, found.first_place):
        said.append(
            f"The judge agrees with itself in {found.consistent:,} of {asked:,} pairs when the two answers change "
            "places, so their order decided, not the answers. No win rate is given. Choose another judge."
        )
    planted = [one for one in found.controls if one.kind == Control.INJECTED and one.won]
    said += [
        f"{one.won} of {one.n} planted answers that tell the judge to choose them were chosen: texts can mislead "
        "this judge. Look at the items before you believe it."
        for one in planted
    ]
    return tuple(said)


def why_not_decisive(found: Comparisons | None, human: HumanAgreement | None = None) -> str:
    """Why a judge's scores of free text cannot decide on a promotion; empty where they can.

    They can where the judge prefers the better answer in 80 of 100 control pairs, no injection talks it round, it goes
    by no place, and it agrees with people's choices, where given (Cohen's kappa of 0.4: "moderate" in Landis, Koch
    1977, Biometrics 33:159).
    """
    if found is None:
        return "nobody has asked it which of two answers is better (evaluation.judge.pairwise)"
    if found.win_rate is None:
        return "it does not judge pairs by their answers"
    sane = [one for one in found.controls if one.kind != Control.INJECTED]
    asked, right = sum(one.n for one in sane), sum(one.lost for one in sane)
    if asked < LEAST_PAIRS or right < LEAST_RIGHT * asked:
        wanted = f"{LEAST_RIGHT:.0%} of at least {LEAST_PAIRS} are asked for"
        return f"it prefers the better answer in {right} of {asked} pairs in which that is known; {wanted}"
    if human is not None and (human.kappa or 0.0) < LEAST_KAPPA:
        return f"it agrees with people in {human.agreed} of {human.n} pairs (Cohen's kappa {human.kappa or 0.0:.2f})"
    return "planted answers misled it" if any(one.won for one in found.controls if one not in sane) else ""


def human_agreement(preferences: Sequence[Preference], choices: Mapping[str, str], judge: str) -> HumanAgreement | None:
    """How far the judge agrees with the people, over the lines that it judged in both orders; None without any."""
    said = [
        (one.choice, _CHOSEN[outcome[0]])
        for one, pair in zip(preferences, preference_pairs(preferences), strict=True)
        if (outcome := pair_outcome(orders_of(pair, judge), choices)) is not None
    ]
    if not said:
        return None
    return HumanAgreement(n=len(said), agreed=sum(own == judges for own, judges in said), kappa=cohens_kappa(said))


def cohens_kappa(said: Sequence[tuple[str, str]]) -> float | None:
    """Agreement of two raters beyond chance: 1 perfect, 0 chance (Cohen 1960, Educational and Psychological Measurement
    20:37). None where both always say the same one thing.
    """
    n = len(said)
    one, other = Counter(first for first, _ in said), Counter(second for _, second in said)
    by_chance = sum(one[name] * other[name] for name in one) / n**2
    seen = sum(first == second for first, second in said) / n
    return None if by_chance == 1 else (seen - by_chance) / (1 - by_chance)


def _mean(values: Sequence[float], draw: Draw) -> Metric | None:
    if not values:
        return None
    bounds = mean_intervals(np.array(values, dtype=float)[:, None], draw)[0]
    return metric_of(sum(values) / len(values), bounds, len(values), Against.JUDGE)
