"""What commands and components work with, put together once at the front door."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from generation.lora_catalogue import LoraCatalogue
from generation.past_jobs import PastJobs
from generation.service import GenerationService
from generation.tag_dictionary import TagDictionary
from generation.tag_search import TagSearch
from generation.wildcards import Wildcards
from storage.audit import AuditLog
from storage.ballots import BallotStore
from storage.battles import BattleStore
from storage.blocks import BlockStore
from storage.contests import ContestStore
from storage.deadlines import DeadlineStore
from storage.entries import EntryStore
from storage.event_posts import EventPosts
from storage.favourites import FavouriteStore
from storage.guessing import GuessingStore
from storage.guilds import GuildStore
from storage.health import StorageHealth
from storage.people import PeopleStore
from storage.personal_data import PersonalData
from storage.presets import PresetStore
from storage.reports import ReportStore
from storage.standings import StandingStore
from storage.tournaments import TournamentStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The rooms behind the cogs. `clock` gives the current, time-zone-aware time."""

    service: GenerationService
    past_jobs: PastJobs
    personal_data: PersonalData
    people: PeopleStore
    presets: PresetStore
    favourites: FavouriteStore
    guilds: GuildStore
    blocks: BlockStore
    reports: ReportStore
    health: StorageHealth
    audit: AuditLog
    deadlines: DeadlineStore
    event_posts: EventPosts
    contests: ContestStore
    entries: EntryStore
    ballots: BallotStore
    standings: StandingStore
    guessing: GuessingStore
    battles: BattleStore
    tournaments: TournamentStore
    dictionary: TagDictionary
    search: TagSearch
    clock: Callable[[], datetime]

    @property
    def loras(self) -> LoraCatalogue:
        """The operator's LoRAs. Ask each time: a reload may bring others."""
        return self.service.gatekeeper.expansion.loras

    @property
    def wildcards(self) -> Wildcards:
        """The operator's wildcards; as above."""
        return self.service.gatekeeper.expansion.wildcards
