"""The prompt of CSV seeds: a text with {column} for each value. `{{` and `}}` stand for braces. Values are put in,
never formatted: a template can reach no attribute, and a value with braces stays what it is.
"""

from collections.abc import Mapping
from string import Formatter
from typing import NamedTuple


class PromptTemplate(NamedTuple):
    """A parsed template: (literal text, column after it or None) in order. Made by `parse`."""

    parts: tuple[tuple[str, str | None], ...]

    @classmethod
    def parse(cls, template: str) -> "PromptTemplate":
        """Raises ValueError, which says what was expected: closed braces, and columns' names alone in them."""
        try:
            parsed = list(Formatter().parse(template))
        except ValueError as error:
            raise ValueError(f"every {{ closed by a }}, and {{{{ or }}}} for a brace itself ({error})") from None
        parts = tuple((literal, name) for literal, name, _, _ in parsed)
        plain = all(
            name is None or (name.strip() and not spec and not conversion) for _, name, spec, conversion in parsed
        )
        if not plain or all(name is None for _, name in parts):
            raise ValueError("at least one {column}, each with nothing but a column's name between its braces")
        return cls(parts)

    @property
    def columns(self) -> list[str]:
        """The columns that the template names, each once, in order."""
        return list(dict.fromkeys(name for _, name in self.parts if name is not None))

    def render(self, row: Mapping[str, str]) -> str:
        """The prompt of one row. Every column of the template must be in `row`."""
        return "".join(literal if name is None else literal + row[name] for literal, name in self.parts)
