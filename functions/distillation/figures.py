"""Numbers as people read them, the same in verdict, report and pages."""

METRIC_NAMES = {
    "accuracy": "Accuracy",
    "macroF1": "Macro F1",
    "tokenF1": "Token F1",
    "teacherAgreement": "Agreement with the teacher",
    "formatFailureRate": "Unreadable answers",
    "missingRate": "Missing answers",
    "outputTokens": "Output tokens an answer",
    "costPer1000Usd": "Cost of 1,000 answers",
    "latencyMedianMs": "Latency, median",
    "latencyP95Ms": "Latency, 95th percentile",
}

SHARES = {"accuracy", "macroF1", "tokenF1", "teacherAgreement", "formatFailureRate", "missingRate"}


def metric_name(metric: str) -> str:
    """The metric in words; an unknown one as it is."""
    return METRIC_NAMES.get(metric, metric)


def figure(metric: str, value: float | None) -> str:
    """A metric's value with its unit; a dash where there is none."""
    if value is None:
        return "–"
    if metric in SHARES:
        return percent(value)
    if metric.endswith("Usd"):
        return usd(value)
    return milliseconds(value) if metric.endswith("Ms") else f"{value:,.1f}"


def span(metric: str, low: float | None, high: float | None) -> str:
    """An interval, the unit said once: "75.0 to 89.2 %"; an open end is an ellipsis, no interval at all an empty text."""
    if low is None and high is None:
        return ""
    ends = ["…" if end is None else figure(metric, end) for end in (low, high)]
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
