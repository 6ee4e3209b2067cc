"""What people read while all goes well."""

import pytest

from cogs import sentences
from cogs.language import ENGLISH
from generation.engine.engine import DeviceStatus, EngineActivity, EngineState
from generation.job import Queued, Running
from generation.prompt import PromptHint


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "1 second"),
        (8, "8 seconds"),
        (89, "89 seconds"),
        (90, "2 minutes"),
        (3600, "60 minutes"),
        (7200, "2 hours"),
    ],
)
def test_time_spans_read_naturally(seconds: float, words: str) -> None:
    assert sentences.duration(ENGLISH, seconds) == words


def test_waiting_people_hear_position_wait_and_a_loading_model() -> None:
    assert "loading the model" in sentences.queued(ENGLISH, Queued(3, None, is_model_loading=True))
    assert "number 3" in sentences.queued(ENGLISH, Queued(3, 65, is_model_loading=False))
    assert "65 seconds" in sentences.queued(ENGLISH, Queued(3, 65, is_model_loading=False))
    assert "You're next" in sentences.queued(ENGLISH, Queued(1, None, is_model_loading=False))


def test_progress_is_told_in_words_and_as_a_bar_of_fixed_length() -> None:
    for step in range(26):
        told = sentences.running(ENGLISH, Running(step, 25))
        assert f"step {step} of 25" in told
        assert told.count("▰") + told.count("▱") == sentences.PROGRESS_BAR_LENGTH


def test_operators_hear_of_each_device_where_there_are_several() -> None:
    able, lost = (
        DeviceStatus(name=name, state=state, activity=EngineActivity(pictures_in_flight=1, slots=2))
        for name, state in (("cuda:0", EngineState.READY), ("cuda:1", EngineState.FAILED))
    )
    one = sentences.model_report(ENGLISH, EngineState.READY, "Animagine", (able,))
    assert one == "Animagine is ready."
    several = sentences.model_report(ENGLISH, EngineState.READY, "Animagine", (able, lost))
    assert several.splitlines()[1:] == [
        "`cuda:0`: draws 1 of 2 at once",
        "`cuda:1`: failed; the log has the cause",
    ]
    crowd = sentences.model_report(ENGLISH, EngineState.READY, "Animagine", (able,) * 60)
    assert crowd.endswith("And 52 more.")
    assert len(crowd) < 1024, "what a field of an embed holds"


def test_every_hint_has_words() -> None:
    assert all(sentences.hint(ENGLISH, hint) for hint in PromptHint)
