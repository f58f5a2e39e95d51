"""Accounts: over all waves every request ends exactly once."""

from hypothesis import given
from hypothesis import strategies as st

from distillation.records import Answer, RejectedAnswer
from distillation.replies_to_answers import BUSY
from distillation.waves_to_accounts import account_for, ids_to_ask_again


def answer(record_id: str) -> Answer:
    return Answer(record_id=record_id, prompt_id="p", sample="g0", text="t", stop_reason="end_turn", input_tokens=1, output_tokens=1)


def rejected(record_id: str, reason: str) -> RejectedAnswer:
    return RejectedAnswer(record_id=record_id, prompt_id="p", sample="g0", reason=reason, detail="")


def test_a_rejection_that_a_later_wave_answered_is_not_counted() -> None:
    account = account_for(["a", "b", "c"], [answer("a")], [rejected("a", BUSY), rejected("b", "truncated")])
    assert (account.requests, account.answers, account.rejected, [m.record_id for m in account.missing]) == (3, 1, 1, ["c"])
    assert account.rejected_by_reason == {"truncated": 1}


def test_only_missing_and_busy_ids_are_asked_again_in_order() -> None:
    assert ids_to_ask_again(["d", "c", "b", "a"], ["d"], [rejected("b", BUSY), rejected("a", "refused")]) == ["c", "b"]


@given(st.lists(st.sampled_from(["answered", "busy", "refused", "busy then answered", "missing"])))
def test_requests_are_replies_plus_missing(fates: list[str]) -> None:
    ids = [str(n) for n in range(len(fates))]
    answers = [answer(i) for i, fate in zip(ids, fates, strict=True) if "answered" in fate]
    rejections = [rejected(i, BUSY if "busy" in fate else "refused") for i, fate in zip(ids, fates, strict=True) if "busy" in fate or fate == "refused"]
    account = account_for(ids, answers, rejections)
    assert account.requests == account.answers + account.rejected + len(account.missing) == len(fates)
    assert len(account.missing) == fates.count("missing")
    assert set(ids_to_ask_again(ids, [a.record_id for a in answers], rejections)) == {i for i, f in zip(ids, fates, strict=True) if f in {"busy", "missing"}}
