"""Records as lines, one by one or many in one piece: the same bytes."""

from hypothesis import given
from hypothesis import strategies as st

from distillation.records import UnusedAnswer, decode_lines, encode_blocks, encode_lines


@given(st.lists(st.text(max_size=20), max_size=400))
def test_blocks_hold_the_same_lines(reasons: list[str]) -> None:
    records = [UnusedAnswer(record_id=f"p-x-s{i}", reason=reason) for i, reason in enumerate(reasons)]
    file = b"".join(encode_blocks(iter(records)))
    assert file == b"".join(encode_lines(records))
    assert list(decode_lines(file.splitlines(keepends=True), UnusedAnswer)) == records


def test_no_records_make_no_block() -> None:
    assert list(encode_blocks([])) == []
