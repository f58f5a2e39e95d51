"""Every S3 key of the project. Nobody else builds one."""

import hashlib

from distillation.records import Arm, Asking


def seeds_prefix(dataset: str) -> str:
    """The folder that a dataset's seed files are uploaded to."""
    return f"seeds/{dataset}/"


def dataset_input(dataset: str) -> str:
    """Optional settings of a dataset in the form of the execution input, for uploads and console starts."""
    return f"seeds/{dataset}/input.json"


def student_parameter(app: str, dataset: str) -> str:
    """The SSM parameter that names the dataset's promoted student."""
    return f"/{app}/{dataset}/student"


def training_luck(dataset: str) -> str:
    """How far trainings lay apart in the dataset's last run with repeats. No run id begins with an underscore."""
    return f"runs/_datasets/{dataset}/training-luck.json"


def answer_cache(dataset: str) -> str:
    """The folder of answers that were paid for: files by run and shard, lines by content-derived record id."""
    return f"answers/{dataset}/"


def decision(dataset: str, run_id: str = "") -> str:
    """Which holdout a run has decided on; without a run id the folder of all runs of the dataset."""
    return f"decisions/{dataset}/{run_id}.json" if run_id else f"decisions/{dataset}/"


def mark_key() -> str:
    """The deployment's secret for the marks around texts that a judge reads."""
    return "keys/marks"


def cached_shard(dataset: str, run_id: str, shard: int, stage: Asking = Asking.ANSWERS, wave: int = 0) -> str:
    """The answers of one shard in the cache."""
    return f"{answer_cache(dataset)}{run_id}-{_round(stage, wave)}shard-{shard:04d}.jsonl"


def _folder(stage: Asking, wave: int) -> str:
    return f"{'wave' if stage is Asking.ANSWERS else stage}-{wave:02d}"


def _round(stage: Asking, wave: int) -> str:
    return "" if stage is Asking.ANSWERS else f"{stage}-{wave:02d}-"


class RunLayout:
    """The keys of one run, numbered by hop. `run_id` as in `run.config.RunConfig`."""

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id

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

    def evaluation_copy(self, key: str) -> str:
        """The run's own copy of a user's evaluation file, which may change before the dataset is made again."""
        return self._key("0-run", key)

    # 1-prompts
    @property
    def prompts(self) -> str:
        return self._key("1-prompts", "prompts.jsonl")

    @property
    def expanded(self) -> str:
        """The prompts that expansion made; there only where it was asked for."""
        return self._key("1-prompts", "expanded.jsonl")

    def expansion(self, name: str) -> str:
        """What a round of expansion leaves: `name` is round-NN.jsonl, rejected-NN.jsonl or counts-NN.json."""
        return self._key("1-prompts", "expansion", name)

    @property
    def pilot(self) -> str:
        """What the pilot showed: `inference.pilot.PilotOutcome`."""
        return self._key("1-prompts", "pilot.json")

    @property
    def pilot_base(self) -> str:
        """What the untouched base answered to the pilot's prompts, where the teacher was often wrong."""
        return self._key("1-prompts", "pilot-base.jsonl")

    def prompt_shard(self, shard: int) -> str:
        """A part of all prompts, seeds' and expanded ones, in their order: what one reduction takes."""
        return self._key("1-prompts", "shards", f"shard-{shard:04d}.jsonl")

    @property
    def common_shingles(self) -> str:
        """The words that most prompts share: `similarity.words.CommonShingles`."""
        return self._key("1-prompts", "common.json")

    # 2-requests
    def requests_prefix(self, wave: int, stage: Asking = Asking.ANSWERS) -> str:
        return self._key("2-requests", _folder(stage, wave), "")

    def wave_plan(self, wave: int, stage: Asking = Asking.ANSWERS) -> str:
        return self.requests_prefix(wave, stage) + "plan.json"

    def requests(self, wave: int, shard: int, stage: Asking = Asking.ANSWERS) -> str:
        return self.requests_prefix(wave, stage) + f"shard-{shard:04d}.jsonl"

    # 3-replies
    def replies_prefix(self, wave: int, shard: int, stage: Asking = Asking.ANSWERS) -> str:
        """Bedrock writes `<this>/<job id>/<input name>.out` and `manifest.json.out` below."""
        return self._key("3-replies", _folder(stage, wave), f"shard-{shard:04d}", "")

    @property
    def all_replies_prefix(self) -> str:
        """Below it is everything that Bedrock replied, of every stage and wave."""
        return self._key("3-replies", "")

    # 4-answers
    @property
    def answers_prefix(self) -> str:
        return self._key("4-answers", "")

    def answers(self, shard: int, stage: Asking = Asking.ANSWERS, wave: int = 0) -> str:
        """The teacher's answers count their shards over all waves; other stages name their round."""
        return self._key("4-answers", f"{_round(stage, wave)}shard-{shard:04d}.jsonl")

    def rejected_answers(self, shard: int, stage: Asking = Asking.ANSWERS, wave: int = 0) -> str:
        return self._key("4-answers", f"{_round(stage, wave)}rejected-{shard:04d}.jsonl")

    def tokens(self, shard: int, stage: Asking = Asking.ANSWERS, wave: int = 0) -> str:
        """What the shard's answers and rejected answers took."""
        return self._key("4-answers", f"{_round(stage, wave)}tokens-{shard:04d}.jsonl")

    def strangers(self, shard: int, stage: Asking = Asking.ANSWERS, wave: int = 0) -> str:
        """Replies that answer nothing which the shard asked."""
        return self._key("4-answers", f"{_round(stage, wave)}strangers-{shard:04d}.jsonl")

    def cached_answers(self, shard: int) -> str:
        """Answers of earlier runs to a shard of prompts."""
        return self._key("4-answers", f"cached-{shard:04d}.jsonl")

    def cached(self, stage: Asking, wave: int) -> str:
        """Answers of earlier runs that this run takes over instead of asking (and paying) again."""
        return self._key("4-answers", f"{_round(stage, wave)}cached.jsonl")

    def missing_answers(self, shard: int) -> str:
        """Requests that no wave brought a reply for, by shard of prompts."""
        return self._key("4-answers", f"missing-{shard:04d}.jsonl")

    # 5-dataset
    @property
    def dataset_prefix(self) -> str:
        return self._key("5-dataset", "")

    def dataset(self, name: str) -> str:
        """`name`: train.jsonl, validation.jsonl, holdout.jsonl, rejected.jsonl, manifest.json or card.md."""
        return self.dataset_prefix + name

    def training_file(self, arm: str, name: str) -> str:
        """`name`: train.jsonl or validation.jsonl of a trained arm. The direct arm, candidates and repeated trainings
        (student-2, ...) have folders of their own; all trainings of the student share the validation lines.
        """
        whole = arm in (Arm.STUDENT, "student-1") or (arm != Arm.DIRECT and name == "validation.jsonl")
        return self.dataset(name if whole else f"{arm}/{name}")

    @property
    def few_shot(self) -> str:
        """The examples that the few-shot arm is shown, by system text."""
        return self.dataset("few-shot.jsonl")

    @property
    def candidates_prefix(self) -> str:
        return self._key("5-dataset", "candidates", "")

    def candidates(self, name: str, shard: int) -> str:
        """What the reduction of a shard leaves: shard, holdout, rejected, unused (jsonl), counts (json)."""
        return self._key("5-dataset", "candidates", f"{name}-{shard:04d}.{'json' if name == 'counts' else 'jsonl'}")

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
        """One folder a model: a rerun with a new deployment finds no replies of the old one."""
        asked = hashlib.sha256(model_id.encode()).hexdigest()[:8]
        return f"{self.arm_replies_prefix(arm)}{asked}/shard-{shard:04d}/"

    def prediction_shard(self, arm: str, shard: int) -> str:
        return self._key("7-evaluation", "shards", arm, f"shard-{shard:04d}.jsonl")

    def predictions(self, arm: str) -> str:
        return self._key("7-evaluation", f"predictions-{arm}.jsonl")

    def prediction_shards_prefix(self, arm: str) -> str:
        return self._key("7-evaluation", "shards", arm, "")

    def validation_replies_prefix(self, training: str, model_id: str) -> str:
        """What a training of the student replied to the validation prompts; one folder a deployment."""
        asked = hashlib.sha256(model_id.encode()).hexdigest()[:8]
        return self._key("7-evaluation", "validation", "replies", training, asked, "")

    def validation_predictions(self, training: str) -> str:
        """What a training of the student said to the validation prompts."""
        return self._key("7-evaluation", "validation", f"predictions-{training}.jsonl")

    @property
    def student_choice(self) -> str:
        """Which training became the student, and by what; there only where there was a choice."""
        return self._key("6-model", "choice.json")

    @property
    def judge_prefix(self) -> str:
        """Below it is everything of the evaluation jobs."""
        return self._key("7-evaluation", "judge", "")

    def judge_dataset(self, arm: str, part: int) -> str:
        """What one evaluation job judges: at most 1,000 answers of an arm."""
        return f"{self.judge_prefix}{arm}/part-{part:02d}/dataset.jsonl"

    def judge_results_prefix(self, arm: str, part: int) -> str:
        """Bedrock writes `<this><job name>/<job id>/.../<uuid>_output.jsonl` below."""
        return f"{self.judge_prefix}{arm}/part-{part:02d}/results/"

    @property
    def students(self) -> str:
        """The trained arms with the ARNs of their models and deployments."""
        return self._key("6-model", "students.json")

    @property
    def champion(self) -> str:
        """What served the dataset when the arms were planned; there only where something did."""
        return self._key("6-model", "champion.json")

    @property
    def promotion_plan(self) -> str:
        """What the stable deployment served before, written before anything is changed: the way back."""
        return self._key("6-model", "promotion-plan.json")

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
        """`name`: index.html, report.json or report.md; failure.html, .json, .md beside the report of a verdict."""
        return self._key("8-report", name)
