"""The Jinja environment of all pages. Seeds' and models' texts are escaped: HTML by default, Markdown by `md`."""

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from distillation import wording
from distillation.report.charts import palette

if TYPE_CHECKING:
    from jinja2 import Environment

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>|~]|^[#+-])")
"""Brackets after a link's text, and marks of headings and lists within a line, mean nothing: they stay readable."""

_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Embeddings, overrides and isolates (Unicode bidirectional algorithm, UAX 9)."""

_UNITS = re.compile(r"(?<=\d) (?=%|USD|ms\b|bits|points|items)|(?<=[<=]) (?=\d)|(?<=\bp) (?=[<=])")


@lru_cache(maxsize=1)
def pages() -> "Environment":
    """Templates of `report/templates`; an unknown name in a template is an error."""
    # A function that makes the dataset writes one page, at its end.
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape  # noqa: PLC0415

    environment = Environment(
        loader=PackageLoader("distillation.report", "templates"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        finalize=visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": wording.percent,
        "points": wording.points,
        "usd": wording.usd,
        "milliseconds": wording.milliseconds,
        "pvalue": wording.p_value,
        "metric": wording.metric_name,
        "thousands": lambda count: f"{count:,}",
        "words": in_words,
        "md": markdown_text,
        "bound": bound,
    }
    environment.globals |= {
        "figure": wording.figure,
        "span": wording.span,
        "light": palette.LIGHT,
        "dark": palette.DARK,
        "font": palette.FONT,
    }
    return environment


def visible(value: Any) -> Any:
    """A text whose marks of direction are seen: they can make words stand in another order than they were written."""
    if not isinstance(value, str) or not _DIRECTION.search(value):
        return value
    return _DIRECTION.sub(lambda mark: f"[U+{ord(mark[0]):04X}]", value)


def in_words(code: str) -> str:
    """A reason code or camelCase key in words: "reserved_word" -> "reserved word", "seedsIn" -> "seeds in"."""
    return (
        re.sub(r"(?<=[a-z])([A-Z])", lambda letter: " " + letter.group().lower(), code)
        .replace("_", " ")
        .replace("-", " ")
    )


def bound(text: str) -> str:
    """A sentence whose numbers do not part from their units at the end of a line."""
    return _UNITS.sub("\N{NO-BREAK SPACE}", text)


def markdown_text(text: object) -> str:
    """Any text as one line of inert Markdown: its marks escaped, its line breaks folded."""
    return _MARKDOWN.sub(r"\\\1", " ".join(str(text).split()))
