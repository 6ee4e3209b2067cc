"""`policy`: what the content policy makes of the prompts of a file."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from generation.errors import GenerationError
from generation.policy_trial import PolicyTrial
from generation.rating import Rating


def read_prompts(file: Path) -> list[str]:
    """Return the lines of `file` that aren't blank.

    Raises:
        OSError, UnicodeDecodeError: the file can't be read, or isn't UTF-8.
    """
    lines = file.read_text(encoding="utf-8-sig").split("\n")
    return [line.removesuffix("\r") for line in lines if line.strip()]


def judged_lines(trial: PolicyTrial, prompts: list[str], ceiling: Rating, rating: Rating) -> Iterator[str]:
    """Yield one JSON object for each prompt; see `judged`."""
    for prompt in prompts:
        yield json.dumps(judged(trial, prompt, ceiling, rating), ensure_ascii=False)


def judged(trial: PolicyTrial, prompt: str, ceiling: Rating, rating: Rating) -> dict[str, Any]:
    """Say whether `prompt` is allowed, what it asks for, and which rule and words refuse it.

    `rule` is null where nothing refuses it, and the error's name where it is no prompt at all.
    """
    try:
        verdict = trial.judge(prompt, rating, ceiling)
    except GenerationError as error:
        return {
            "prompt": prompt, "allowed": False, "rating": rating.value, "rule": type(error).__name__, "tags": [],
        }  # fmt: skip
    return {
        "prompt": prompt,
        "allowed": verdict.rule is None,
        "rating": verdict.rating.value,
        "rule": verdict.rule.value if verdict.rule else None,
        "tags": list(verdict.tags),
    }
