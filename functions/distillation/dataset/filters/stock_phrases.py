"""Sentences that models say in place of an answer: refusals, talk about themselves, introductions to nothing.

English only.
"""

import re

_REFUSAL = re.compile(
    r"(?:i['’]?m (?:very |really |so )?sorry|i am (?:very |really |so )?sorry|sorry|i apologi[sz]e|my "
    r"apologies|unfortunately)?[,.!:;]?\s*"
    r"(?:but\s+|however,?\s+)?"
    r"(?:as an ai(?: language model| assistant)?,?\s*)?i\s*(?:can['’]?t|cannot|can not|am unable to|['’]m unable to"
    r"|am not able to|['’]m not able to|won['’]?t)\s+"
    r"(?:help|assist|provide|answer|comply|fulfill|fulfil|create|generate|engage|discuss|do that)",
    re.IGNORECASE,
)
_OF_ITSELF = re.compile(
    r"\bas an? (?:(?:ai|artificial intelligence)(?: language)?(?: model| assistant)?|(?:large )?language model)\b,? "
    r"(?:i\b|my\b|it is\b)"
    r"|\bi(?:['’]m| am) (?:just |only )?an? (?:ai\b|artificial intelligence\b|(?:large )?language model\b)",
    re.IGNORECASE,
)
_INTRODUCTION = re.compile(
    r"(?:sure|certainly|of course|absolutely|okay|ok|great|here(?:['’]s| is| are))\b[^\n]*:", re.IGNORECASE
)


def declines(text: str) -> bool:
    """Whether the text opens with a refusal ("I'm sorry, but I can't assist with that").

    "I can't believe how good it is" is none.
    """
    return _REFUSAL.match(text.strip()) is not None


def is_boilerplate(text: str) -> bool:
    """Whether the text speaks of itself as a language model ("As an AI, I ..."), or is an introduction with nothing
    behind it ("Sure, here is the review:").
    """
    said = text.strip()
    if said.endswith(":") and _INTRODUCTION.fullmatch(said):
        return True
    # The expression is the dearest of all rules, and nearly no answer holds one of these words.
    speaks = "AI" in text or " ai" in text or "anguage model" in text or "rtificial" in text
    return speaks and _OF_ITSELF.search(text) is not None
