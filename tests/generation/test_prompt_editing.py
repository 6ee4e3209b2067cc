"""Prompts that change while a picture is drawn."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.prompt_editing import STAGES_MAX, stages_of
from generation.request import GenerationRequest


def tags_by_step(tags: str, steps: int = 20, **options: str) -> list[tuple[int, str]]:
    request = GenerationRequest(tags=tags, **options)  # type: ignore[arg-type]
    return [(stage.first_step, stage.request.tags) for stage in stages_of(request, steps)]


@pytest.mark.parametrize(
    ("tags", "stages"),
    [
        ("[red:blue:0.4] hair", [(0, "red hair"), (8, "blue hair")]),
        ("[red:blue:5] hair", [(0, "red hair"), (5, "blue hair")]),
        ("1girl, [:hat:0.5]", [(0, "1girl, "), (10, "1girl, hat")]),
        ("1girl, [hat::0.5]", [(0, "1girl, hat"), (10, "1girl, ")]),
        ("[a:b:0.25], [c:d:0.5]", [(0, "a, c"), (5, "b, c"), (10, "b, d")]),
        ("[a:b:0]", [(0, "b")]),
        ("[a:b:99]", [(0, "a")]),
    ],
)
def test_a_prompt_changes_at_its_steps(tags: str, stages: list[tuple[int, str]]) -> None:
    assert tags_by_step(tags) == stages


@pytest.mark.parametrize(
    "tags", ["1girl", "[night]", "[[smile]]", "(smile:1.2)", "re:zero", "[a:b]", "[a:b:c]"]
)
def test_other_brackets_are_none_of_it(tags: str) -> None:
    assert tags_by_step(tags) == [(0, tags)]


def test_all_texts_change() -> None:
    request = GenerationRequest(tags="smile", subject="[1girl:2girls:0.5]", negative_prompt="[hat:cap:0.25]")
    first, second, third = stages_of(request, 20)
    assert (first.request.subject, first.request.negative_prompt) == ("1girl", "hat")
    assert (second.request.subject, second.request.negative_prompt) == ("1girl", "cap")
    assert (third.request.subject, third.request.negative_prompt) == ("2girls", "cap")


@given(st.lists(st.floats(0, 30), max_size=12), st.integers(1, 50))
def test_stages_begin_at_the_first_step_and_go_up(whens: list[float], steps: int) -> None:
    tags = ", ".join(["1girl", *(f"[a{number}:b{number}:{when:.3f}]" for number, when in enumerate(whens))])
    stages = tags_by_step(tags, steps)
    firsts = [first for first, _ in stages]
    assert firsts[0] == 0
    assert firsts == sorted(set(firsts))
    assert len(stages) <= STAGES_MAX
    assert not any("[" in text for _, text in stages)
