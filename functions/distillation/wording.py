"""Numbers as people read them, the same in verdict, report and pages."""

import re

METRIC_NAMES = {
    "accuracy": "Accuracy",
    "macroF1": "Macro F1",
    "exactMatch": "Exact match",
    "fieldAccuracy": "Fields right",
    "schemaValid": "Fits the schema",
    "jsonValid": "Valid JSON",
    "tokenF1": "Token F1",
    "rougeL": "ROUGE-L",
    "chrF": "chrF",
    "teacherAgreement": "Agreement with the teacher",
    "teacherTokenF1": "Token F1 with the teacher",
    "jensenShannonBits": "Distance from the teacher's draws",
    "jensenShannonByChance": "Distance that chance alone gives",
    "formatFailureRate": "Unreadable answers",
    "refusalRate": "Refusals",
    "missingRate": "Missing answers",
    "lengthRatio": "Length against the teacher's",
    "outputTokens": "Output tokens an answer",
    "costPer1000Usd": "Cost of 1,000 answers",
    "latencyMedianMs": "Latency, median",
    "latencyP95Ms": "Latency, 95th percentile",
}

PLAIN = {
    "outputTokens": ("{:,.1f}", ""),
    "lengthRatio": ("{:.2f}", ""),
    "jensenShannonBits": ("{:.3f}", " bits"),
    "jensenShannonByChance": ("{:.3f}", " bits"),
}
"""Metrics that are no shares: how a value is written, its unit. All others without a unit in their name are shares."""

_CAPITALS = re.compile(r"[A-Z]")


def metric_name(metric: str) -> str:
    """The metric in words; a judge's are named by `run.evaluation`: Builtin.FollowingInstructions is "Judged following
    instructions", 1-Builtin.Harmfulness, which is turned round, "Judged free of harmfulness".
    """
    source, _, name = metric.partition(".")
    if source in ("Builtin", "1-Builtin") and name:
        judged = "Judged free of" if source == "1-Builtin" else "Judged"
        return judged + _CAPITALS.sub(lambda letter: " " + letter.group().lower(), name)
    return f"Judged {name}" if source == "Custom" and name else METRIC_NAMES.get(metric, metric)


def figure(metric: str, value: float | None) -> str:
    """A metric's value with its unit; a dash where there is none."""
    if value is None:
        return "–"
    if "." in metric:  # a judge's, by whatever name
        return percent(value)
    if metric.endswith("Usd"):
        return usd(value)
    if metric.endswith("Ms"):
        return milliseconds(value)
    form, unit = PLAIN.get(metric, ("", ""))
    return form.format(value) + unit if form else percent(value)


def span(metric: str, low: float | None, high: float | None) -> str:
    """An interval with its unit once: "75.0 to 89.2 %"; an open end is an ellipsis. Empty without a width."""
    if low is None and high is None:
        return ""
    ends = ["…" if end is None else figure(metric, end) for end in (low, high)]
    if ends[0] == ends[1]:
        return ""
    unit = ends[1].rpartition(" ")[1:] if " " in ends[1] else ("", "")
    return f"{ends[0].removesuffix(''.join(unit))} to {ends[1]}"


def percent(share: float) -> str:
    """0.885 -> "88.5 %"."""
    return f"{_minus(f'{100 * share:.1f}')} %"


def points(difference: float, sign: bool = True) -> str:
    """A difference of two shares in percentage points: -0.025 -> "-2.5" with a true minus sign."""
    text = f"{100 * difference:+.1f}" if sign else f"{100 * difference:.1f}"
    return "0.0" if float(text) == 0 else _minus(text)


def margin_points(margin: float) -> str:
    """0.05 -> "5 points", 0.025 -> "2.5 points"."""
    return f"{100 * margin:.3g} points"


def usd(amount: float) -> str:
    """Dollars with the digits that matter: 12.30, 0.281, 0.00042."""
    if amount == 0:
        return "0 USD"
    digits = 2 if abs(amount) >= 1 else 3 if abs(amount) >= 0.1 else 4 if abs(amount) >= 0.001 else 6
    return f"{_minus(f'{amount:,.{digits}f}')} USD"


def milliseconds(value: float) -> str:
    """1234.5 -> "1,234 ms"."""
    return f"{value:,.0f} ms"


def p_value(value: float) -> str:
    """0.0004 -> "p < 0.001", 0.0312 -> "p = 0.031"."""
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"


def _minus(text: str) -> str:
    return text.replace("-", "−")
