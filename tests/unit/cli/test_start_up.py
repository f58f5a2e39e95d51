"""What a person waits for before a command has begun."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
_HELP = """
import sys
from cli.app import app
try:
    app(["{command}", "--help"] if "{command}" else ["--help"])
except SystemExit as end:
    assert end.code == 0, end.code
heavy = {{"boto3", "botocore", "numpy", "scipy", "plotly", "msgspec"}} & set(sys.modules)
print("heavy:", sorted(heavy), file=sys.stderr)
"""


@pytest.mark.parametrize("command", ["", "watch", "compare"])
def test_help_loads_neither_boto3_nor_numpy(command: str) -> None:
    asked = [sys.executable, "-c", _HELP.format(command=command)]
    said = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "Usage" in said.stdout and said.stderr.strip() == "heavy: []"
