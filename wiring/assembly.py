"""The Discord client with everything that it is made of."""

from collections.abc import Callable
from datetime import timedelta

from cogs.parts import Parts
from generation.moderation import Moderation
from generation.past_jobs import PastJobs
from generation.rating_classifier import RatingClassifier
from generation.tag_dictionary import TagDictionary
from generation.tag_search import TagSearch
from settings.settings import Settings
from storage.audit import AuditLog
from storage.ballots import BallotStore
from storage.battles import BattleStore
from storage.blocks import BlockStore
from storage.contests import ContestStore
from storage.database import Database
from storage.deadlines import DeadlineStore
from storage.entries import EntryStore
from storage.event_posts import EventPosts
from storage.favourites import FavouriteStore
from storage.guessing import GuessingStore
from storage.guilds import GuildStore
from storage.health import StorageHealth
from storage.job_leases import Lease
from storage.job_ledger import JobLedger
from storage.people import PeopleStore
from storage.personal_data import PersonalData
from storage.picture_files import PictureFiles
from storage.presets import PresetStore
from storage.reloads import Reloads
from storage.reports import ReportStore
from storage.standings import StandingStore
from storage.tournaments import TournamentStore
from storage.turns import Turns
from storage.upkeep import Upkeep
from watch.watch import Watch
from wiring.client import Anim4gineBot
from wiring.engine import build_engine
from wiring.reload import LiveParts, Reloader
from wiring.service import build_service, terms_of, utc_now

IDENTIFY_PAUSE_S = 5.0
"""Between two shards' IDENTIFYs (events/gateway, "Rate Limiting"; `max_concurrency` may allow large bots more).

discord.py waits for a turn with the connection open, 60 s at most (`Shard.reidentify`): twelve processes get theirs.
"""


def build_bot(
    settings: Settings,
    database: Database,
    files: PictureFiles,
    dictionary: TagDictionary,
    classifier: RatingClassifier | None,
    read_again: Callable[[], Settings],
) -> Anim4gineBot:
    """Wire the Discord client from the settings; nothing starts yet. Takes a second for a large dictionary.

    `read_again` reads the settings anew, for a reload.
    """
    lease = Lease(instance=settings.discord.instance, lasts=timedelta(seconds=settings.database.lease_s))
    ledger = JobLedger(database, files, lease)
    guilds, reports, guessing = GuildStore(database), ReportStore(database), GuessingStore(database)
    blocks = BlockStore(
        database,
        attempts=settings.policy.attempts_before_block,
        block_for=timedelta(days=settings.policy.block_days),
    )
    moderation = Moderation(rule_book=guilds, blocks=blocks, withheld=reports, secrets=guessing)
    service = build_service(settings, ledger, utc_now, moderation=moderation, classifier=classifier)
    parts = Parts(
        service=service,
        guilds=guilds,
        blocks=blocks,
        reports=reports,
        audit=AuditLog(database),
        health=StorageHealth(database, settings.paths.data),
        deadlines=DeadlineStore(database),
        event_posts=EventPosts(database),
        contests=ContestStore(database),
        entries=EntryStore(database),
        ballots=BallotStore(database),
        standings=StandingStore(database),
        guessing=guessing,
        battles=BattleStore(database),
        tournaments=TournamentStore(database),
        past_jobs=PastJobs(ledger),
        personal_data=PersonalData(database, files, utc_now),
        people=PeopleStore(database),
        presets=PresetStore(database),
        favourites=FavouriteStore(database),
        dictionary=dictionary,
        search=TagSearch(dictionary),
        clock=utc_now,
    )
    upkeep = Upkeep(
        database,
        files,
        keep_for=timedelta(days=settings.images.keep_days),
        keep_bytes=int(settings.images.keep_gb * 1e9),
        clock=utc_now,
    )
    live = LiveParts(
        service=service,
        blocks=blocks,
        upkeep=upkeep,
        classifier=classifier,
        terms_of=lambda settings, classifier: terms_of(settings, classifier, utc_now, moderation),
        engine_of=build_engine,
    )
    return Anim4gineBot(
        parts,
        Watch(service, utc_now),
        settings.paths.data / "commands.sha256",
        upkeep,
        Reloader(settings, read_again, live),
        Reloads(database),
        settings.discord,
        Turns(database, "identify", IDENTIFY_PAUSE_S),
    )
