"""Prompts that chance makes up."""

import random

from generation.content_policy import ContentPolicy
from generation.model_profile import ANIMAGINE_XL_4
from generation.place import Place
from generation.prompt import assemble_prompt
from generation.request import GenerationRequest
from generation.surprise import surprise
from generation.tag_dictionary import load_dictionary


def test_what_chance_makes_up_is_various_and_may_be_drawn_everywhere() -> None:
    dictionary, policy = load_dictionary(), ContentPolicy()
    found = [surprise(dictionary, random.Random(seed)) for seed in range(200)]
    assert len(set(found)) == 200
    for subject, tags in found:
        request = GenerationRequest(tags=tags, subject=subject)
        policy.check(request, Place(guild_id=1, channel_id=2))
        assert assemble_prompt(request, ANIMAGINE_XL_4).hints == ()
        assert tags.count(",") >= 5
    people = [tags for subject, tags in found if subject != "no humans"]
    colours = {tag.name for tag in dictionary.of_group("hair-colour")}
    assert all(colours & set(tags.split(", ")) for tags in people)
