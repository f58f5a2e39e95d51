"""A run in memory from its prompts to its dataset: the handlers in their order, a teacher that is a function."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from application.services import Services
from distillation.dataset.manifest import Manifest
from distillation.layout import RunLayout
from distillation.records import Asking, Prompt, Request, decode_json, decode_lines, encode_line
from distillation.seeds.prompts import prompt_id
from distillation.seeds.split import Side, side_of
from distillation.task import Task, TaskKind
from handlers import assemble_dataset, plan_ratings, plan_requests, read_replies, reduce_shard
from settings import Settings
from tests.fakes import Invocation, MemoryLedger, MemoryStore, model_output
from tests.worlds.run_records import run_record

RUN = {"runId": "run-1", "dataset": "reviews"}
LAYOUT = RunLayout("run-1")
TEXT = Task(kind=TaskKind.TEXT)

Teacher = Callable[[str, str, str], dict[str, object] | None]
"""Record id, system text, prompt -> a reply's fields, or None for no reply."""


def says(text: str) -> Teacher:
    """Everybody is told the same."""
    return lambda *_: model_output(text)


class CurationWorld(Services):
    """Shards of 100 requests, five a prompt: twenty prompts a shard."""

    def __init__(self, prompts: Iterable[Prompt], task: Task = TEXT, **settings: Any) -> None:
        super().__init__(Settings(*[""] * 10))
        self.files, self.prompts = MemoryStore(), list(prompts)
        self.__dict__.update(store=self.files, ledger=MemoryLedger())
        settings = {"batches": {"maxShardRecords": 100}} | settings
        self.record = run_record(task, counts={"prompts": len(self.prompts)}, **settings)
        self.files.put_json(LAYOUT.run, self.record)
        self.files.put_records(LAYOUT.prompts, self.prompts)

    def reduced(self, teacher: Teacher) -> "CurationWorld":
        """Asks, reads and reduces everything."""
        wave = plan_requests.run({"run": RUN}, self, Invocation())
        self.answer(wave, teacher)
        for shard in range(int(str(wave["promptShards"]))):
            reduce_shard.run({"run": RUN, "shard": shard}, self, Invocation())
        return self

    def rated(self, judge: Teacher, wave: int = 0) -> dict[str, Any]:
        """One round of ratings."""
        planned = plan_ratings.run({"run": RUN, "wave": wave}, self, Invocation())
        self.answer(planned, judge)
        return planned

    def assembled(self) -> Manifest:
        assemble_dataset.run({"run": RUN}, self, Invocation())
        return decode_json(self.files.get(LAYOUT.dataset("manifest.json")), Manifest)

    def answer(self, planned: dict[str, Any], teacher: Teacher) -> None:
        stage, wave = Asking(planned["stage"]), planned["wave"]
        for shard in (shard["shard"] for shard in planned["shards"]):
            lines = []
            for request in decode_lines(self.files.lines(LAYOUT.requests(wave, shard, stage)), Request):
                body: dict[str, Any] = request.model_input
                reply = teacher(
                    request.record_id,
                    body.get("system", [{"text": ""}])[0]["text"],
                    body["messages"][0]["content"][0]["text"],
                )
                lines += [encode_line({"recordId": request.record_id} | reply)] if reply is not None else []
            self.files.put_lines(LAYOUT.replies_prefix(wave, shard, stage) + "job/shard.jsonl.out", lines)
            read_replies.run({"run": RUN, "stage": stage, "wave": wave, "shard": shard}, self, Invocation())

    def reasons(self) -> dict[str, str]:
        """Prompt id -> reason, of the dataset's rejected file."""
        return {line["promptId"]: line["reason"] for line in self.lines("rejected.jsonl")}

    def lines(self, name: str) -> list[dict[str, Any]]:
        """A file of the dataset."""
        return [msgspec.json.decode(line) for line in self.files.lines(LAYOUT.dataset(name))]

    def candidates(self, name: str) -> list[dict[str, Any]]:
        """All files that the reductions left under a name."""
        return [
            msgspec.json.decode(line) for line in self.files.lines_below(LAYOUT.candidates_prefix, named=f"{name}-")
        ]


def asked(text: str, **more: Any) -> Prompt:
    """A prompt of a seed."""
    return Prompt(prompt_id=prompt_id(more.get("system", ""), text), prompt=text, seed_id="s", **more)


def on_side(side: Side, texts: Iterable[str], count: int, world: type[CurationWorld] = CurationWorld) -> list[str]:
    """The first `count` texts that the default split puts on a side."""
    split = world([]).record.config.shares
    found = [text for text in texts if side_of(asked(text), split) is side][:count]
    assert len(found) == count, "give more texts to choose from"
    return found


def plain_texts(count: int, start: int = 0) -> Sequence[str]:
    """Texts that are like no other."""
    return [f"what is item{n} and why would anybody{n} want item{n} in house{n}" for n in range(start, start + count)]
