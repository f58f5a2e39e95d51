"""The colours of the pages and their charts, by name, for light and dark. Each text colour has a contrast of at least 4.5 to its paper (WCAG 2.2 AA)."""

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
    "fewShot": "#a85a24",
    "direct": "#7a6b17",
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
    "fewShot": "#e39a64",
    "direct": "#cdbb5a",
}
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
