"""What the tests ask and train on."""

from typing import Any

SYSTEM = "You judge reviews. What is the sentiment of the review?\n\nAnswer with exactly one of: positive | negative"
REVIEWS = [
    ("An absolute joy from the first minute to the last.", "positive"),
    ("The food was cold and the waiter was rude.", "negative"),
    ("Best headphones I have ever owned, great sound.", "positive"),
    ("It broke after two days and they refused a refund.", "negative"),
    ("A wonderful film with brilliant acting.", "positive"),
    ("Terrible plot, awful dialogue, a waste of time.", "negative"),
    ("The staff were friendly and the room was lovely.", "positive"),
    ("I would never buy this again, it is useless.", "negative"),
    ("Delicious pizza and excellent service.", "positive"),
    ("The battery is bad and the screen is worse.", "negative"),
]


def record(record_id: str, text: str, temperature: float = 0.00001, **changes: Any) -> dict[str, Any]:
    """A Converse-type batch record of the sentiment task."""
    body = {
        "system": [{"text": SYSTEM}],
        "messages": [{"role": "user", "content": [{"text": text}]}],
        "inferenceConfig": {"maxTokens": 16, "temperature": temperature, "topP": 1.0},
        **changes,
    }
    return {"recordId": record_id, "modelInput": body}


def batch_records(count: int = 100) -> list[dict[str, Any]]:
    """`count` records over few distinct prompts, one greedy and the rest sampled."""
    return [record(f"{index:05d}", REVIEWS[index % 4][0], 0.00001 if index < 4 else 1.0) for index in range(count)]


def training_line(prompt: str, answer: str, system: str = SYSTEM) -> dict[str, Any]:
    """A line of a training file."""
    messages = [{"role": "user", "content": [{"text": prompt}]}, {"role": "assistant", "content": [{"text": answer}]}]
    return {"schemaVersion": "bedrock-conversation-2024", "system": [{"text": system}], "messages": messages}


def training_lines() -> list[dict[str, Any]]:
    """The ten reviews with their labels."""
    return [training_line(text, label) for text, label in REVIEWS]


def answered_line(prompt: str, answer: str, reference: str = "", model: str = "student") -> dict[str, Any]:
    """A line of an evaluation job's dataset whose answer was made before."""
    return {
        "prompt": prompt,
        "referenceResponse": reference,
        "category": "all",
        "modelResponses": [{"response": answer, "modelIdentifier": model}],
    }


def unanswered_line(prompt: str, system: str = SYSTEM) -> dict[str, Any]:
    """A line of a distillation job's file without an answer."""
    return {**training_line(prompt, "-", system), "messages": [{"role": "user", "content": [{"text": prompt}]}]}
