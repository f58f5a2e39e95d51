"""The project's own path from replies to dataset: ReadReplies, ReduceShard and AssembleDataset over a run folder.
Argument: the folder.

Prints one line of JSON: seconds, records, kept, peak_rss_mb, seconds_by_state, counts. Everything happens in one
process, one state after the other, so its peak is an upper bound of what any of the functions needs.
"""

import json
import resource
import shutil
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.replies.reply_records import DATASET, LAYOUT, RUN_ID
from benchmarks.replies.run_folder import NoHurry, folder_services
from cli.files.folder_store import FolderStore
from distillation.records import RejectedAnswer, RejectedExample
from handlers import assemble_dataset, read_replies, reduce_shard

RUN = {"runId": RUN_ID, "dataset": DATASET}


def run(root: Path) -> dict[str, Any]:
    """Replies -> dataset, timed by state. What an earlier run of this function wrote is removed first."""
    for folder in ("4-answers", "5-dataset"):
        for made in (root / LAYOUT.root / folder).rglob("*"):
            if made.is_file() and made.name not in ("cached.jsonl",):
                made.unlink()
    shutil.rmtree(root / "answers", ignore_errors=True)
    services = folder_services(root)
    plan = json.loads((root / LAYOUT.wave_plan(0)).read_bytes())
    clock = [time.perf_counter()]
    for shard in plan["shards"]:
        read_replies.run({"run": RUN, "stage": "answers", "wave": 0, "shard": shard["shard"]}, services, NoHurry())
    clock.append(time.perf_counter())
    for shard in range(plan["promptShards"]):
        reduce_shard.run({"run": RUN, "shard": shard}, services, NoHurry())
    clock.append(time.perf_counter())
    assemble_dataset.run({"run": RUN}, services, NoHurry())
    clock.append(time.perf_counter())
    by_state = {
        name: round(clock[i + 1] - clock[i], 3)
        for i, name in enumerate(("ReadReplies", "ReduceShard", "AssembleDataset"))
    }
    found = counts(services.store)  # type: ignore[arg-type]  # the same protocol over a folder
    seconds = clock[-1] - clock[0]
    return {
        "seconds": seconds,
        "records": plan["requests"],
        "kept": found["train"] + found["validation"] + found["holdout"],
        "by_state": by_state,
        "counts": found,
    }


def counts(store: FolderStore) -> dict[str, int]:
    """What the files say: answers, rejections by reason, lines of the dataset."""
    answers = sum(1 for _ in store.lines_below(LAYOUT.answers_prefix, named="shard-"))
    replies = Counter(r.reason for r in store.records_below(LAYOUT.answers_prefix, RejectedAnswer, named="rejected-"))
    prompts = Counter(r.reason for r in store.records(LAYOUT.dataset("rejected.jsonl"), RejectedExample))
    lines = {
        name: sum(1 for _ in store.lines(LAYOUT.dataset(f"{name}.jsonl")))
        for name in ("train", "validation", "holdout")
    }
    return {
        "answers": answers,
        **lines,
        **{f"reply:{k}": n for k, n in sorted(replies.items())},
        **{f"prompt:{k}": n for k, n in sorted(prompts.items())},
    }


def main() -> None:
    """Runs and prints."""
    result = run(Path(sys.argv[1]))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(msgspec.json.encode({**result, "peak_rss_mb": round(peak, 1)}).decode())


if __name__ == "__main__":
    main()
