"""The floor: every record decoded and encoded again by the fastest JSON library, nothing else.

Arguments: library (msgspec or orjson), files.
"""

import json
import sys
import time
from pathlib import Path

import msgspec
import orjson

CODECS = {
    "msgspec": (msgspec.json.Decoder().decode, msgspec.json.Encoder().encode),
    "orjson": (orjson.loads, orjson.dumps),
}


def run(library: str, files: list[Path]) -> dict[str, float]:
    """Seconds, records, kept."""
    (decode, encode), records, size = CODECS[library], 0, 0
    start = time.perf_counter()
    for path in files:
        with path.open("rb") as file:
            for line in file:
                size += len(encode(decode(line)))
                records += 1
    return {"seconds": time.perf_counter() - start, "records": records, "kept": records}


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1], [Path(a) for a in sys.argv[2:]])))
