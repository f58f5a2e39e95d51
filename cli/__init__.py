"""The operator's command line: `python -m cli`.

It speaks to AWS, and to whatever endpoint boto3 is pointed at, in the same way.
"""

import sys
from pathlib import Path

# The domain (functions/distillation) is the root of the Lambda bundle, not a package of the project: the command line
# reuses it from there.
_FUNCTIONS = str(Path(__file__).resolve().parents[1] / "functions")
if _FUNCTIONS not in sys.path:
    sys.path.insert(0, _FUNCTIONS)
