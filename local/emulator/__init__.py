"""MiniStack with this project's repairs, in its own virtual environment: this package imports only what is in
local/requirements-emulator.txt.
"""
