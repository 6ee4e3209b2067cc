"""A sound prompt made of the dictionary's tags, for who has no idea yet."""

import random

from generation.tag_dictionary import TagDictionary

SUBJECTS = ("1girl", "1boy", "2girls", "no humans")
SUBJECT_WEIGHTS = (6, 3, 1, 1)

PERSON = (
    "hair-colour", "hair-style", "eyes", "expressions", "uniforms-and-costumes", "headwear", "poses",
)  # fmt: skip
SCENE = ("nature", "weather-and-time", "light", "colour-mood")
SCENERY = ("animals", "objects")
PLACES = ("places-outdoors", "places-indoors")

MOST_USED = 30
"""Of each group, so many tags are drawn from: the model knows them best."""


def surprise(dictionary: TagDictionary, chance: random.Random) -> tuple[str, str]:
    """Return a subject and tags for it: looks, clothes and a pose, or a scene; a place, and some light."""
    (subject,) = chance.choices(SUBJECTS, SUBJECT_WEIGHTS)
    has_people = subject != "no humans"
    groups = [*(PERSON if has_people else SCENERY), chance.choice(PLACES), *chance.sample(SCENE, 2)]
    if not has_people:
        groups.append("nature")
    tags = [chance.choice(dictionary.of_group(group)[:MOST_USED]).name for group in groups]
    if has_people:
        tags.insert(0, "solo" if subject[0] == "1" else "holding hands")
    return subject, ", ".join(dict.fromkeys(tags))
