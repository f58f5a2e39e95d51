"""Every S3 key of the project. Nobody else builds one."""

import hashlib
from typing import NamedTuple


def seeds_prefix(dataset: str) -> str:
    """The folder that a dataset's seed files are uploaded to."""
    return f"seeds/{dataset}/"


def dataset_input(dataset: str) -> str:
    """Optional settings of a dataset, in the form of the execution input: used by uploads and as defaults of a console start."""
    return f"seeds/{dataset}/input.json"


def student_parameter(app: str, dataset: str) -> str:
    """The SSM parameter that names the dataset's promoted student."""
    return f"/{app}/{dataset}/student"


def answer_cache(dataset: str) -> str:
    """The folder of answers that were paid for, in files named by run and shard; every line is addressed by its content-derived record id."""
    return f"answers/{dataset}/"


def cached_shard(dataset: str, run_id: str, shard: int) -> str:
    """The answers of one shard in the cache."""
    return f"{answer_cache(dataset)}{run_id}-shard-{shard:04d}.jsonl"


class RunLayout(NamedTuple):
    """The keys of one run, numbered by hop. `run_id` as in `run_config.RunConfig.run_id`."""

    run_id: str

    def _key(self, *parts: str) -> str:
        return "/".join(("runs", self.run_id, *parts))

    @property
    def root(self) -> str:
        return self._key("")

    # 0-run
    @property
    def run(self) -> str:
        return self._key("0-run", "run.json")

    @property
    def estimate(self) -> str:
        return self._key("0-run", "estimate.json")

    @property
    def ledger(self) -> str:
        return self._key("0-run", "ledger.jsonl")

    @property
    def rejected_seeds(self) -> str:
        return self._key("0-run", "rejected-seeds.jsonl")

    # 1-prompts
    @property
    def prompts(self) -> str:
        return self._key("1-prompts", "prompts.jsonl")

    # 2-requests
    def requests_prefix(self, wave: int) -> str:
        return self._key("2-requests", f"wave-{wave:02d}", "")

    @property
    def all_requests_prefix(self) -> str:
        return self._key("2-requests", "")

    def wave_plan(self, wave: int) -> str:
        return self.requests_prefix(wave) + "plan.json"

    def requests(self, wave: int, shard: int) -> str:
        return self.requests_prefix(wave) + f"shard-{shard:04d}.jsonl"

    # 3-replies
    def replies_prefix(self, wave: int, shard: int) -> str:
        """Bedrock writes `<this>/<job id>/<input name>.out` and `manifest.json.out` below."""
        return self._key("3-replies", f"wave-{wave:02d}", f"shard-{shard:04d}", "")

    # 4-answers
    @property
    def answers_prefix(self) -> str:
        return self._key("4-answers", "")

    def answers(self, shard: int) -> str:
        return self._key("4-answers", f"shard-{shard:04d}.jsonl")

    def rejected_answers(self, shard: int) -> str:
        return self._key("4-answers", f"rejected-{shard:04d}.jsonl")

    @property
    def cached_answers(self) -> str:
        """Answers of earlier runs that this run takes over instead of asking (and paying) again."""
        return self._key("4-answers", "cached.jsonl")

    @property
    def missing_answers(self) -> str:
        """Requests that no wave brought a reply for."""
        return self._key("4-answers", "missing.jsonl")

    # 5-dataset
    @property
    def dataset_prefix(self) -> str:
        return self._key("5-dataset", "")

    def dataset(self, name: str) -> str:
        """`name`: train.jsonl, validation.jsonl, holdout.jsonl, rejected.jsonl, manifest.json or card.md."""
        return self.dataset_prefix + name

    # 6-model
    def model_prefix(self, arm: str) -> str:
        """Bedrock writes the training metrics below."""
        return self._key("6-model", arm, "")

    # 7-evaluation
    def prediction_requests(self, arm: str, shard: int) -> str:
        return self._key("7-evaluation", "requests", arm, f"shard-{shard:04d}.jsonl")

    def arm_replies_prefix(self, arm: str) -> str:
        return self._key("7-evaluation", "replies", arm, "")

    def prediction_replies_prefix(self, arm: str, shard: int, model_id: str) -> str:
        """One folder a model that was asked: a rerun whose student has a new deployment finds none of the old one's replies among its own."""
        asked = hashlib.sha256(model_id.encode()).hexdigest()[:8]
        return f"{self.arm_replies_prefix(arm)}{asked}/shard-{shard:04d}/"

    def prediction_shard(self, arm: str, shard: int) -> str:
        return self._key("7-evaluation", "shards", arm, f"shard-{shard:04d}.jsonl")

    def predictions(self, arm: str) -> str:
        return self._key("7-evaluation", f"predictions-{arm}.jsonl")

    def prediction_shards_prefix(self, arm: str) -> str:
        return self._key("7-evaluation", "shards", arm, "")

    @property
    def students(self) -> str:
        """The trained arms with the ARNs of their models and deployments."""
        return self._key("6-model", "students.json")

    @property
    def promotion(self) -> str:
        """What the dataset's parameter was set to; there only where this run's student was promoted."""
        return self._key("6-model", "promotion.json")

    @property
    def scores(self) -> str:
        return self._key("7-evaluation", "scores.json")

    @property
    def verdict(self) -> str:
        return self._key("7-evaluation", "verdict.json")

    # 8-report
    def report(self, name: str) -> str:
        """`name`: index.html, report.json or report.md."""
        return self._key("8-report", name)
