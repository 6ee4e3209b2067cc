"""Completing tags while they are typed: our index against a plain scan and against rapidfuzz over all names.

    python -m bench.tag_search --csv danbooru.csv

What is typed are beginnings of names, of aliases and of words, some with a typing error, of tags chosen by their use.
"""

import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median, quantiles

import click
from rapidfuzz.process import extract

from bench.machine import describe_machine
from bench.table import verdict
from generation.tag_dictionary import Tag, TagDictionary, load_dictionary
from generation.tag_search import TagSearch

MOST_P99_MS, MOST_BUILD_S, MOST_MEMORY_MB = 10.0, 2.0, 100.0
OFFERS = 25
KINDS = ("name", "alias", "word", "typing error")


@click.command(help=(__doc__ or "").partition("\n")[0])
@click.option(
    "--csv", "file", type=click.Path(path_type=Path), help="A list of tags; the starter alone unless given."
)
@click.option("--queries", default=2000, show_default=True)
@click.option("--slow-queries", default=60, show_default=True, help="How many of them the slow ways get.")
def main(file: Path | None, queries: int, slow_queries: int) -> None:
    """Measure and print."""
    before_mb, begin = _memory_mb(), time.perf_counter()
    dictionary = load_dictionary(file)
    loaded = time.perf_counter()
    search = TagSearch(dictionary)
    built = time.perf_counter()
    memory_mb = _memory_mb() - before_mb
    click.echo(describe_machine("cpu"))
    aliases = sum(len(tag.aliases) for tag in dictionary.tags)
    click.echo(f"{len(dictionary.tags)} tags, {aliases} aliases")
    click.echo(
        f"read in {loaded - begin:.2f} s, index built in {built - loaded:.2f} s, {memory_mb:.0f} MB more in use"
    )
    chance = random.Random(1)
    typed = [_typed(chance, dictionary) for _ in range(queries)]
    names = [tag.name for tag in dictionary.tags]
    ways: dict[str, tuple[Callable[[str], object], Sequence[str]]] = {
        "ours": (search.complete, typed),
        "plain scan": (lambda text: _scan(dictionary.tags, text), typed[:slow_queries]),
        "rapidfuzz.process.extract": (lambda text: extract(text, names, limit=OFFERS), typed[:slow_queries]),
    }
    click.echo()
    click.echo("| way | p50 ms | p99 ms | of ours, p50 |")
    click.echo("| --- | ---: | ---: | ---: |")
    times = {way: _times_ms(complete, texts) for way, (complete, texts) in ways.items()}
    for way, own in times.items():
        ratio = median(own) / median(times["ours"])
        click.echo(f"| {way} | {median(own):.2f} | {quantiles(own, n=100)[-1]:.2f} | {ratio:.0f} |")
    click.echo()
    p99_ms = quantiles(times["ours"], n=100)[-1]
    click.echo(f"- p99 {p99_ms:.2f} ms {verdict(p99_ms <= MOST_P99_MS)}")
    click.echo(f"- read and built in {built - begin:.2f} s {verdict(built - begin <= MOST_BUILD_S)}")
    click.echo(f"- {memory_mb:.0f} MB {verdict(memory_mb <= MOST_MEMORY_MB)}")


def _typed(chance: random.Random, dictionary: TagDictionary) -> str:
    """What somebody has typed of a tag so far."""
    # They are ordered by use, and the more a tag is used, the more often it is typed.
    tag = dictionary.tags[min(int(chance.expovariate(1 / 2000)), len(dictionary.tags) - 1)]
    kind = chance.choice(KINDS)
    text = tag.name
    if kind == "alias" and tag.aliases:
        text = chance.choice(tag.aliases)
    elif kind == "word":
        text = tag.name.rpartition(" ")[2]
    beginning = text[: chance.randint(1, len(text))]
    if kind == "typing error" and len(beginning) > 3:
        place = chance.randrange(1, len(beginning) - 1)
        beginning = beginning[:place] + beginning[place + 1] + beginning[place] + beginning[place + 2 :]
    return beginning


def _scan(tags: Sequence[Tag], text: str) -> list[Tag]:
    """The plain way: whatever contains the text, in the order of use."""
    found = []
    for tag in tags:
        if text in tag.name or any(text in alias for alias in tag.aliases):
            found.append(tag)
            if len(found) == OFFERS:
                break
    return found


def _times_ms(complete: Callable[[str], object], texts: Sequence[str]) -> list[float]:
    times = []
    for text in texts:
        begin = time.perf_counter()
        complete(text)
        times.append((time.perf_counter() - begin) * 1000)
    return times


def _memory_mb() -> float:
    """Resident memory, as Linux tells it."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1000
    return float("nan")


if __name__ == "__main__":
    main()
