"""The regular expression of an answer task: read as Python reads it, run by RE2 in linear time. Python's own engine
tries every way to match: `(?:a+)+$` takes seconds for 25 letters and hours for 50.
"""

import re
from functools import lru_cache
from typing import Any

_WORD, _DIGIT, _SPACE = r"\pL\pN_", r"\p{Nd}", r"\t-\r\x1c-\x20\x85\xa0\pZ"
_CLASSES = {"w": _WORD, "d": _DIGIT, "s": _SPACE}
"""What these mean in Python, where RE2 knows only the letters, digits and spaces of English."""
_FLAGS = re.compile(r"\(\?([a-zA-Z]+)[:)]")
_AT_THE_END = r"(?:\n?\z)"


@lru_cache(maxsize=16)
def compiled(pattern: str) -> Any:
    """A pattern of RE2: `findall`, `search` and `groups` as in Python's re. Raises ValueError where it is no regular
    expression, or no linear engine can run it (a look-around, a backreference).
    """
    import re2  # noqa: PLC0415 - only an answer task needs it

    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(_spelled_for_re2(pattern), options)
    except re2.error as error:
        said = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
        raise ValueError(said) from None


def _spelled_for_re2(pattern: str) -> str:
    lines = "m" in _leading_flags(pattern)
    spelled, inside, place = list[str](), False, 0
    while place < len(pattern):
        here = pattern[place : place + 2] if pattern[place] == "\\" else pattern[place]
        place += len(here)
        if here.startswith("\\"):
            spelled.append(_escape(here, inside=inside))
        elif here == "[" and not inside:
            inside = True
            first = next((head for head in ("^]", "]", "^") if pattern.startswith(head, place)), "")
            spelled.append(here + first.replace("]", r"\]"))
            place += len(first)
        elif here == "]":
            inside = False
            spelled.append(here)
        elif here == "$" and not inside and not lines:
            spelled.append(_AT_THE_END)
        elif here == "{" and not inside and pattern.startswith(",", place):
            spelled.append("{0")
        elif here == "[" and inside:
            spelled.append(r"\[")
        else:
            spelled.append(here)
    return "".join(spelled)


def _leading_flags(pattern: str) -> str:
    """The letters of `(?im)` or `(?m:...)` at the beginning."""
    found = _FLAGS.match(pattern)
    return found[1] if found else ""


def _escape(escaped: str, *, inside: bool) -> str:
    letter = escaped[1:]
    if letter in _CLASSES:
        return _CLASSES[letter] if inside else f"[{_CLASSES[letter]}]"
    if letter.lower() in _CLASSES and letter:
        if inside:
            raise ValueError(f"found {escaped} between [ and ]; name what is meant instead")
        return f"[^{_CLASSES[letter.lower()]}]"
    return r"\z" if letter == "Z" and not inside else escaped
