"""What was measured: results.json with the figures, results.md with the tables. None is written by hand."""

import os
import platform
import textwrap
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.environments import PROJECT
from benchmarks.tables import TABLES

RESULTS_JSON, RESULTS_MD = PROJECT / "benchmarks" / "results.json", PROJECT / "benchmarks" / "results.md"
WIDTH = 120
"""Columns of the text; a row of a table may be wider."""


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "memory_gb": round(pages / 2**30, 1),
        "python": platform.python_version(),
        "os": platform.platform(),
    }


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    names = (
        [
            line.partition(":")[2].strip()
            for line in info.read_text(encoding="utf-8").splitlines()
            if line.startswith("model name")
        ]
        if info.exists()
        else []
    )
    return (names or [platform.processor() or platform.machine()])[0]


def keep(parts: dict[str, Any]) -> dict[str, Any]:
    """Writes results.json and results.md with these parts; a part that was not measured now stays as it stands there,
    with its own date and machine.
    """
    results: dict[str, Any] = msgspec.json.decode(RESULTS_JSON.read_bytes()) if RESULTS_JSON.exists() else {}
    now = {"machine": machine(), "date": datetime.now(UTC).strftime("%Y-%m-%d")}
    results = {**results, **{name: {**part, **now} for name, part in parts.items()}, **now}
    RESULTS_JSON.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=2) + b"\n")
    RESULTS_MD.write_text(markdown(results), encoding="utf-8")
    return results


def markdown(results: dict[str, Any]) -> str:
    """results.md."""
    lines = [
        "# Benchmarks",
        (
            "Written by `make benchmark`; the same figures are in results.json. ± is half a 95 % interval; "
            "results.json has both ends."
        ),
    ]
    for name, tables in TABLES.items():
        if part := results.get(name):
            on = part["machine"]
            where = (
                f"{part['date']}; {on['cpu']}, {on['cores']} cores, {on['memory_gb']} GB, Python {on['python']}, "
                f"{on['os']}"
            )
            lines += [f"## {name.replace('_', ' ').capitalize()}", where, *(table.markdown() for table in tables(part))]
    return "\n".join(map(_wrapped, "\n\n".join(lines).split("\n"))) + "\n"


def _wrapped(line: str) -> str:
    return line if line.startswith("|") else "\n".join(textwrap.wrap(line, WIDTH, break_long_words=False)) or line
