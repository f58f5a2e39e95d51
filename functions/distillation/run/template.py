"""The prompt of CSV seeds: a text with {column} for each value. `{{` and `}}` stand for braces. Values are put in,
never formatted: a template can reach no attribute, and a value with braces stays what it is.
"""

from collections.abc import Mapping
from string import Formatter


class PromptTemplate:
    """A parsed template. `parts`: (literal text, column after it or None) in order. Raises ValueError, which says what
    was expected: closed braces, and columns' names alone in them.
    """

    def __init__(self, template: str) -> None:
        try:
            parsed = list(Formatter().parse(template))
        except ValueError as error:
            raise ValueError(f"every {{ closed by a }}, and {{{{ or }}}} for a brace itself ({error})") from None
        self.parts = tuple((literal, name) for literal, name, _, _ in parsed)
        plain = all(
            name is None or (name.strip() and not spec and not conversion) for _, name, spec, conversion in parsed
        )
        if not plain or all(name is None for _, name in self.parts):
            raise ValueError("at least one {column}, each with nothing but a column's name between its braces")

    @property
    def columns(self) -> list[str]:
        """The columns that the template names, each once, in order."""
        return list(dict.fromkeys(name for _, name in self.parts if name is not None))

    def render(self, row: Mapping[str, str]) -> str:
        """The prompt of one row. Every column of the template must be in `row`."""
        return "".join(literal if name is None else literal + row[name] for literal, name in self.parts)
