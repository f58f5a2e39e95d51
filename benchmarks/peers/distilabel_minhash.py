"""distilabel: LoadDataFromDicts and MinHashDedup in a pipeline, then the rows to keep, as its documentation shows.
Arguments: output folder, files.

Tokenizer `ngrams`, because its other one, `words`, needs tables that NLTK downloads from GitHub; with empty tables it
was the slower of the two.
"""

import json
import sys
import time
from pathlib import Path

import orjson
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts, MinHashDedup
from rows import prompts_with_answers


def run(output: Path, files: list[Path]) -> dict[str, float]:
    """Seconds, records read, prompts kept."""
    start = time.perf_counter()
    rows, records = prompts_with_answers(files, orjson.loads)
    with Pipeline(cache_dir=output / "cache") as pipeline:
        data = LoadDataFromDicts(data=[{"text": row.text, "answer": row.answers[0]} for row in rows], batch_size=500)
        data >> MinHashDedup(tokenizer="ngrams", n=5, threshold=0.8, storage="dict", input_batch_size=500)
    distiset = pipeline.run(use_cache=False)
    kept = distiset["default"]["train"].filter(lambda row: row["keep_row_after_minhash_filtering"])
    kept.to_json(str(output / "kept.jsonl"))
    return {"seconds": time.perf_counter() - start, "records": records, "kept": len(kept)}


if __name__ == "__main__":
    print(json.dumps(run(Path(sys.argv[1]), [Path(a) for a in sys.argv[2:]])))
