"""Whose limits hold."""

from generation.errors import Limit
from generation.limits import Limits, LimitTable

TABLE = LimitTable(
    everybody=Limits(requests_per_minute=6, waiting_per_person=3, images_per_day=100, weight=1.0),
    by_guild={7: Limits(images_per_day=20, guild_images_per_day=500)},
    by_role={
        1: Limits(requests_per_minute=12, weight=2.0),
        2: Limits(requests_per_minute=9, images_per_day=300),
    },
)


def test_everybody_has_the_operators_limits() -> None:
    assert TABLE.for_request(None, ()) == TABLE.for_request(8, (99,)) == TABLE.everybody


def test_a_servers_own_limits_go_over_everybodys() -> None:
    limits = TABLE.for_request(7, ())
    assert (limits.images_per_day, limits.guild_images_per_day, limits.requests_per_minute) == (20, 500, 6)


def test_a_person_has_the_best_of_their_roles_over_all_others() -> None:
    limits = TABLE.for_request(7, (1, 2, 99))
    assert (limits.requests_per_minute, limits.images_per_day, limits.weight) == (12, 300, 2.0)


def test_what_is_not_limited_is_no_quota_and_every_quota_has_its_limit() -> None:
    assert Limits().quotas() == {}
    every = Limits(**{limit.value: 5 for limit in Limit})
    assert every.quotas() == {limit.value: 5 for limit in Limit}
