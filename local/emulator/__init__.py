"""MiniStack with this project's repairs. Runs in its own virtual environment, so this package imports nothing but MiniStack's dependencies and the standard library."""
