"""Plain json + datasketch: parse, drop errors and truncated replies, MinHashLSH over word 5-grams at 0.8.

Arguments: output folder, files.
"""

import json
import sys
import time
from pathlib import Path

from datasketch import MinHash, MinHashLSH
from rows import prompts_with_answers


def run(output: Path, files: list[Path]) -> dict[str, float]:
    """Seconds, records read, prompts kept. Of near duplicates the first stays, with its first answer."""
    start, kept = time.perf_counter(), 0
    rows, records = prompts_with_answers(files, json.loads)
    index = MinHashLSH(threshold=0.8, num_perm=128)
    with (output / "kept.jsonl").open("w", encoding="utf-8") as file:
        for row in rows:
            words = row.text.lower().split()
            sketch = MinHash(num_perm=128)
            sketch.update_batch([" ".join(words[i : i + 5]).encode() for i in range(len(words) - 4)])
            if not index.query(sketch):
                index.insert(row.id, sketch)
                file.write(json.dumps({"prompt": row.text, "answer": row.answers[0]}) + "\n")
                kept += 1
    return {"seconds": time.perf_counter() - start, "records": records, "kept": kept}


if __name__ == "__main__":
    print(json.dumps(run(Path(sys.argv[1]), [Path(a) for a in sys.argv[2:]])))
