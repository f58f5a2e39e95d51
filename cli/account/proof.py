"""What `prove` writes: `proof/<date>/`, with what AWS really answered, and what is to be cleaned up."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

MASK = "000000000000"


class Finding(NamedTuple):
    """What AWS said to one assumption (`cli.account.assumptions`): whether it holds, and what was found."""

    assumption: str
    holds: bool
    found: str


class Proof:
    """The folder of one day, taken up again where it was left.

    `made` maps what was made and costs or lingers to its ARN or name; what is cleaned up leaves it. It stands with the
    run's name and the findings in `.state.json`, which holds the account's own names and so stays out of git.
    """

    def __init__(self, folder: Path, run_id: str, account: str) -> None:
        self.folder, self._account, self._new_run_id = folder, account, run_id
        folder.mkdir(parents=True, exist_ok=True)
        self._state_file = folder / ".state.json"
        known = json.loads(self._state_file.read_text("utf-8")) if self._state_file.exists() else {}
        self.run_id: str = known.get("runId", run_id)
        self.made: dict[str, str] = known.get("made", {})
        self._done: dict[str, list[Finding]] = {
            step: [Finding(*finding) for finding in found] for step, found in known.get("done", {}).items()
        }
        self._answers: list[dict[str, Any]] = []

    @property
    def findings(self) -> list[Finding]:
        """What all steps that are done have found."""
        return [finding for found in self._done.values() for finding in found]

    def is_done(self, step: str) -> bool:
        """Whether the step has its findings."""
        return step in self._done

    def done(self, step: str, findings: Sequence[Finding]) -> None:
        """The step's findings, and Bedrock's answers in it."""
        self._done[step] = [finding._replace(found=finding.found.replace(self._account, MASK)) for finding in findings]
        self.write(f"{step}/answers.json", self._answers)
        self.write("findings.json", [finding._asdict() for finding in self.findings])
        self._answers = []
        self._save()

    def undo(self, steps: Sequence[str]) -> None:
        """These steps have to be done again, under a new name: what they made is gone."""
        for step in steps:
            self._done.pop(step, None)
        self.run_id = self._new_run_id
        self._save()

    def hear(self, operation: str, answer: dict[str, Any]) -> None:
        """Keeps an answer of Bedrock for the step that is under way."""
        plain = {name: value for name, value in answer.items() if name != "ResponseMetadata"}
        self._answers.append({"operation": operation, "answer": plain})

    def heard(self, operation: str) -> list[dict[str, Any]]:
        """The answers to an operation in this step."""
        return [kept["answer"] for kept in self._answers if kept["operation"] == operation]

    def keep(self, what: str, name: str) -> str:
        """Notes something that was made, so that it is cleaned up whatever happens; gives its name back."""
        self.made[what] = name
        self._save()
        return name

    def gone(self, what: str) -> None:
        """It is cleaned up."""
        self.made.pop(what, None)
        self._save()

    def write(self, name: str, content: Any) -> None:
        """A file of the proof, account numbers masked. Bytes and text are written as they are, all else as JSON."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = content.decode() if isinstance(content, bytes) else content
        if not isinstance(text, str):
            text = json.dumps(text, indent=1, default=str, ensure_ascii=False) + "\n"
        path.write_text(text.replace(self._account, MASK), encoding="utf-8")

    def _save(self) -> None:
        state = {"runId": self.run_id, "made": self.made, "done": self._done}
        self._state_file.write_text(json.dumps(state, indent=1), encoding="utf-8")
