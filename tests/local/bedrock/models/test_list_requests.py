"""Requests for a list: how they are recognised, and that the embedded teacher answers them in the form that is asked
for.
"""

import json
import re

import pytest

from local.bedrock.models.list_requests import heads, list_request
from tests.local.bedrock.aws import LocalAws
from tests.local.bedrock.test_runtime import PRO, converse, said

ASKED = (
    "These are some.\n<texts>\n1. The soup was cold.\n2. Great phone!\n</texts>\nWrite 3 new texts on "
    "<topic>food</topic>.\n"
)
LINES = ASKED + "Reply with a numbered list of 3 texts, one a line, and nothing else."
JSON = ASKED + "Reply with a JSON list of 3 strings, the texts, and nothing else."
TOPICS = ASKED + "Reply with a numbered list of 3 topics, one a line, and nothing else."


def test_what_is_asked_is_read_from_the_message() -> None:
    found = list_request(LINES)
    assert found is not None
    assert (found.wish, found.shown, found.wanted) == (
        "Write 3 new texts on food.",
        ("The soup was cold.", "Great phone!"),
        3,
    )
    assert heads(found) == ["1. The soup was cold.\n2. Great phone!\n3."] * 3
    topics = list_request(TOPICS)
    assert topics is not None and not topics.continues
    assert heads(topics)[0].splitlines()[-2:] == ["Text: The soup was cold.", "Topic:"]


@pytest.mark.parametrize(
    "text",
    [
        "Great phone!",
        "Reply with a numbered list of 3 texts.",
        LINES + "\nAnd then some.",
        LINES.replace("of 3", "of 300"),
    ],
)
def test_other_messages_ask_for_no_list(text: str) -> None:
    assert list_request(text) is None


@pytest.mark.parametrize(("text", "form"), [(LINES, "lines"), (TOPICS, "lines"), (JSON, "json")])
def test_the_embedded_teacher_writes_the_list(aws: LocalAws, text: str, form: str) -> None:
    answer = converse(aws, PRO, text, "You widen a data set.", temperature=0.8, topP=0.9)
    assert answer["stopReason"] == "end_turn"
    if form == "json":
        assert all(isinstance(item, str) for item in json.loads(said(answer)))
    else:
        lines = said(answer).splitlines()
        assert 1 <= len(lines) <= 3 and all(re.match(rf"{number}\. \S", line) for number, line in enumerate(lines, 1))
    assert said(answer) == said(converse(aws, PRO, text, "You widen a data set.", temperature=0.8, topP=0.9))
