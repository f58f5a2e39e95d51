"""The texts that the pipeline puts into prompts: files in `prompts/`, read here alone, hashed into run.json."""

import hashlib
import hmac
import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from string import Template

LABEL_SEPARATOR = " | "
_MARK = re.compile(r"\[(?=\s*(?:end\s+of\s+)?(?:instructions|prompt|answer)\b)", re.IGNORECASE)


def label_system(labels: Sequence[str]) -> str:
    """The instruction of a label task. Its last line reads "Answer with exactly one of: positive | negative"."""
    return template("label_system.txt").substitute(labels=LABEL_SEPARATOR.join(labels))


def template(name: str) -> Template:
    """A prompt text with its $fields. What is put into them is never expanded again."""
    return Template(_text(name))


def between_marks(name: str, key: bytes, **texts: str) -> str:
    """The prompt text `name` with `texts`, each between marks that end in a code. The code is an HMAC (RFC 2104) by the
    deployment's `key` of all that the marks hold, so no writer of a text can know it; without a key (b"") a hash, for
    ids. What looks like a mark in a text gets an invisible space (U+200B) behind its bracket.
    """
    safe = {field: _MARK.sub("[\u200b", text) for field, text in texts.items()}
    held = hashlib.sha256("\x1f".join(safe.values()).encode()).hexdigest()
    code = hmac.new(key, held.encode(), "sha256").hexdigest() if key else held
    return template(name).substitute(safe, code=code[:12])


def lines_of(name: str) -> tuple[str, ...]:
    """The lines of a text that is a list."""
    return tuple(line for line in _text(name).splitlines() if line.strip())


def prompt_hashes() -> dict[str, str]:
    """File name -> sha256 (hex) of every prompt text, for run.json: two runs with equal hashes were told the same."""
    names = sorted(entry.name for entry in files("distillation.prompts").iterdir() if entry.name.endswith(".txt"))
    return {name: hashlib.sha256(_bytes(name)).hexdigest() for name in names}


@cache
def _bytes(name: str) -> bytes:
    return files("distillation.prompts").joinpath(name).read_bytes()


def _text(name: str) -> str:
    return _bytes(name).decode().strip()
