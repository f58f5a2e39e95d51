"""Bedrock's metrics file of a training -> the course of its loss. Never an error: no run fails for a curve. AWS shows
the columns step_number, epoch_number, <kind>_loss (user guide, "Analyze the results of a model customization job") and
promises no form.
"""

import csv
from math import isfinite

from distillation.report.report import LossPoint

_MARKS_OF_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def read_losses(body: bytes, kind: str) -> tuple[tuple[LossPoint, ...], str]:
    """The points of a metrics file of `kind` (training, validation), and what in it could not be read, else ""."""
    lines = body.decode("utf-16" if body.startswith(_MARKS_OF_UTF16) else "utf-8-sig", errors="replace").splitlines()
    try:
        rows = list(csv.reader(lines))
    except csv.Error as error:
        return (), f"it is not a CSV file: {error}"
    names = [name.strip().lower() for name in rows[0]] if rows else []
    wanted = ("step_number", "epoch_number", f"{kind}_loss")
    if absent := [name for name in wanted if name not in names]:
        return (), f"found the columns {', '.join(names) or 'none'}, expected also {', '.join(absent)}"
    points = [_point([row[names.index(name)] for name in wanted]) for row in rows[1:] if len(row) == len(names)]
    read = tuple(point for point in points if point)
    unread = len(rows) - 1 - len(read)
    return read, f"{unread} of {len(rows) - 1} lines hold no step and loss" if unread else ""


def _point(cells: list[str]) -> LossPoint | None:
    try:
        step, epoch, loss = (float(cell) for cell in cells)
        return LossPoint(step=int(step), epoch=epoch, loss=loss) if isfinite(epoch + loss) else None
    except (ValueError, OverflowError):
        return None
