"""The colours of charts and pages, and their font. A page without charts needs no plotly for them."""

LIGHT = {
    "paper": "#fbfaf8",
    "ink": "#1c1d1f",
    "muted": "#5c6067",
    "line": "#dcd9d2",
    "good": "#1b6e45",
    "wait": "#855800",
    "bad": "#a6322a",
    "teacher": "#6b4fa0",
    "base": "#6f747c",
    "student": "#0b6e8f",
    "few-shot": "#a85a24",
    "direct": "#7a6b17",
    "champion": "#9b3e78",
    "run-0": "#0a6f90",
    "run-1": "#a75925",
    "run-2": "#9c3f76",
    "run-3": "#1c6f46",
    "run-4": "#7b6c18",
    "run-5": "#6e737b",
}


DARK = {
    "paper": "#15171a",
    "ink": "#e9e7e2",
    "muted": "#a4a8af",
    "line": "#33373d",
    "good": "#63c796",
    "wait": "#e0b357",
    "bad": "#f08b80",
    "teacher": "#b49be6",
    "base": "#9ba1a9",
    "student": "#55b9dc",
    "few-shot": "#e39a64",
    "direct": "#cdbb5a",
    "champion": "#e190bf",
    "run-0": "#56badd",
    "run-1": "#e49b65",
    "run-2": "#e08fbd",
    "run-3": "#64c897",
    "run-4": "#cebc5b",
    "run-5": "#9ca2aa",
}


FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
