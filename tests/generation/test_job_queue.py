"""The waiting line: fair between people, and kind to short requests."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from generation.image import ImageParameters
from generation.job import Job
from generation.job_queue import PATIENCE, JobQueue, rank_of
from generation.place import Place
from generation.request import GenerationRequest

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SECONDS_PER_COST = 0.04


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def job(name: str, user_id: int, accepted_s: float = 0.0, *, steps: int = 25, weight: float = 1.0) -> Job:
    image = ImageParameters(
        prompt="1girl", negative_prompt="", width=832, height=1216, num_inference_steps=steps,
        guidance_scale=5.0, seed=1, model="x",
    )  # fmt: skip
    return Job(
        id=name, request=GenerationRequest(tags="1girl"), user_id=user_id,
        place=Place(guild_id=1, channel_id=2), images=(image,), pictures=(), hints=(), accepted_at=after(accepted_s),
        weight=weight,
    )  # fmt: skip


class Engine:
    """Draws what the queue gives it, on one slot and in no time but the queue's own."""

    def __init__(self) -> None:
        self.queue = JobQueue(lambda work: work.megapixel_steps * SECONDS_PER_COST)
        self.running: Job | None = None
        self.drawn: list[str] = []

    def ask(self, *jobs: Job) -> None:
        for each in jobs:
            self.queue.put(each)
        self._feed()

    def finish(self) -> None:
        assert self.running is not None
        self.drawn.append(self.running.id)
        self.queue.end(self.running)
        self.running = None
        self._feed()

    def finish_all(self) -> list[str]:
        while self.running:
            self.finish()
        return self.drawn

    def _feed(self) -> None:
        if self.running is None and (first := self.queue.first(is_engine_free=True)):
            self.queue.begin(first)
            self.running = first


def test_before_anything_is_measured_the_first_to_come_goes_first() -> None:
    assert rank_of(NOON, None) < rank_of(after(0.1), None)


def test_a_short_job_goes_ahead_of_a_long_one_that_came_a_little_earlier() -> None:
    assert rank_of(after(5), 2) < rank_of(NOON, 10)


def test_nobody_is_overtaken_for_ever() -> None:
    assert rank_of(after(PATIENCE * 10 + 0.1), 0.0) > rank_of(NOON, 10)


@pytest.mark.parametrize("steps_of_newcomer", [1, 25, 50])
@pytest.mark.parametrize("steps_of_hog", [1, 25, 50])
@pytest.mark.parametrize("drawn_before", [0, 1, 40])
def test_a_newcomer_waits_for_the_work_in_flight_alone_however_much_another_has_asked_for(
    steps_of_newcomer: int, steps_of_hog: int, drawn_before: int
) -> None:
    engine = Engine()
    engine.ask(*(job(f"hog {n}", 1, n / 100, steps=steps_of_hog) for n in range(100)))
    for _ in range(drawn_before):
        engine.finish()
    engine.ask(job("newcomer", 2, 60, steps=steps_of_newcomer))
    engine.finish()
    assert engine.running
    assert engine.running.id == "newcomer"


@pytest.mark.parametrize("slots", [1, 4])
@pytest.mark.parametrize("drawn_before", [1, 2, 40])
def test_so_does_a_newcomer_where_the_next_job_begins_before_the_last_one_is_over(
    slots: int, drawn_before: int
) -> None:
    """As the engine has it: it takes the next job while the one before takes its last step."""
    queue = JobQueue(lambda work: work.megapixel_steps * SECONDS_PER_COST)
    for number in range(100):
        queue.put(job(f"hog {number}", 1, number / 100))
    in_flight: list[Job] = []

    def begin_next() -> Job:
        first = queue.first(is_engine_free=True)
        assert first
        queue.begin(first)
        in_flight.append(first)
        return first

    for _ in range(slots):
        begin_next()
    for _ in range(drawn_before):
        begin_next()
        queue.end(in_flight.pop(0))
    queue.put(job("newcomer", 2, 60, steps=50))
    assert begin_next().id == "newcomer"


def test_people_with_a_backlog_take_turns() -> None:
    engine = Engine()
    for user_id, name in ((1, "a"), (2, "b"), (3, "c")):
        engine.ask(*(job(f"{name}{n}", user_id, user_id) for n in range(4)))
    names = [name[0] for name in engine.finish_all()]
    assert names[0] == "a"
    for start in range(0, 12, 3):
        assert sorted(names[start : start + 3]) == ["a", "b", "c"]


def test_whoever_asks_again_and_again_gets_no_more_than_whoever_asked_at_once() -> None:
    engine = Engine()
    engine.ask(*(job(f"patient {n}", 1) for n in range(20)))
    engine.ask(job("eager 0", 2, 0.1))
    for number in range(1, 20):
        before = engine.drawn.copy()
        while f"eager {number - 1}" not in engine.drawn and engine.running:
            engine.finish()
        assert engine.drawn != before
        engine.ask(job(f"eager {number}", 2, number))
    first_half = Counter(name.split()[0] for name in engine.drawn[:20])
    assert abs(first_half["patient"] - first_half["eager"]) <= 2


def test_a_weight_of_2_is_twice_the_share_while_people_wait() -> None:
    engine = Engine()
    engine.ask(*(job(f"plain {n}", 1) for n in range(30)))
    engine.ask(*(job(f"supporter {n}", 2, weight=2.0) for n in range(30)))
    for _ in range(30):
        engine.finish()
    drawn = Counter(name.split()[0] for name in engine.drawn)
    assert drawn["supporter"] == pytest.approx(20, abs=2)


def test_a_backlog_is_not_held_back_while_the_engine_is_free() -> None:
    queue = JobQueue(lambda work: work.megapixel_steps)
    for number in range(4):
        queue.put(job(str(number), 1, number))
    for number in range(4):
        first = queue.first(is_engine_free=True)
        assert first
        assert first.id == str(number)
        queue.begin(first)
    assert len(queue) == 0


def test_while_the_engine_is_full_a_backlog_stays_closed() -> None:
    queue = JobQueue(lambda work: work.megapixel_steps)
    for number in range(2):
        queue.put(job(str(number), 1, number))
    first = queue.first(is_engine_free=True)
    assert first
    queue.begin(first)
    assert queue.first(is_engine_free=False) is None
    assert [waiting.id for waiting in queue] == ["1"]


def test_what_is_called_off_is_gone_and_costs_its_asker_nothing() -> None:
    engine = Engine()
    engine.ask(job("other 0", 2), job("other 1", 2), job("other 2", 2))
    hog = [job(f"hog {n}", 1, 1) for n in range(50)]
    engine.ask(*hog)
    for each in hog:
        assert engine.queue.end(each)
    assert not engine.queue.end(hog[0])
    engine.ask(job("hog again", 1, 2))
    assert engine.finish_all()[1] == "hog again"


def test_when_all_is_done_everybody_begins_anew() -> None:
    engine = Engine()
    engine.ask(*(job(f"hog {n}", 1) for n in range(10)))
    engine.finish_all()
    assert vars(engine.queue)["_people"] == {}
    engine.ask(job("hog", 1, 100))
    engine.ask(job("hog later", 1, 101), job("other", 2, 102))
    assert engine.finish_all()[-3:] == ["hog", "other", "hog later"]


def jain(shares: list[float]) -> float:
    """Jain's index of fairness: 1 where all have the same, 1 / n where one has all."""
    return sum(shares) ** 2 / (len(shares) * sum(share * share for share in shares))


def test_people_who_always_want_more_get_equal_shares_whatever_they_ask_for() -> None:
    chance = random.Random(1)
    engine = Engine()
    cost: Counter[int] = Counter()
    jobs: dict[str, Job] = {}
    for number in range(600):
        user_id = number % 10
        # Some ask for much more at a time than others.
        each = job(
            str(number), user_id, number / 100, steps=chance.choice((5, 10, 25, 28)) * (1 + user_id % 2)
        )
        jobs[each.id] = each
        engine.ask(each)
    # Until the first of them has nothing waiting any more.
    waiting: Counter[int] = Counter(each.user_id for each in jobs.values())
    while min(waiting.values()) > 0:
        engine.finish()
        done = jobs[engine.drawn[-1]]
        waiting[done.user_id] -= 1
        cost[done.user_id] += round(done.cost)
    assert jain([float(share) for share in cost.values()]) >= 0.99


def test_any_order_of_events_keeps_count_of_everything() -> None:
    chance = random.Random(2)
    queue: Any = JobQueue(lambda work: work.megapixel_steps * SECONDS_PER_COST)
    waiting: list[Job] = []
    running: list[Job] = []
    for number in range(3000):
        match chance.choice(("put", "begin", "begin", "end", "cancel")):
            case "put":
                each = job(str(number), chance.randrange(5), number, steps=chance.randrange(1, 50))
                queue.put(each)
                waiting.append(each)
            case "begin" if first := queue.first(is_engine_free=len(running) < 3):
                queue.begin(first)
                waiting.remove(first)
                running.append(first)
            case "end" if running:
                assert queue.end(running.pop(chance.randrange(len(running))))
            case "cancel" if waiting:
                assert queue.end(waiting.pop(chance.randrange(len(waiting))))
        assert {each.id for each in queue} == {each.id for each in waiting}
        assert len(queue) == len(waiting)
    for each in (*waiting, *running):
        queue.end(each)
    assert queue._people == {}
    assert queue._start_tags == {}
