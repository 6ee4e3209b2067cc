"""What the service asks of whoever remembers servers' rules and blocked people; `storage/` has the real one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from generation.limits import Limits
from generation.listed_tags import ListedTags
from generation.rating import Rating
from generation.server_rules import ServerRules


class StoredRules(Protocol):
    """A server's rules, as they are stored."""

    @property
    def ceiling(self) -> str | None: ...  # noqa: D102 - the fields of ServerRules
    @property
    def channel_ids(self) -> Sequence[int]: ...  # noqa: D102 - its class tells
    @property
    def limits(self) -> Mapping[str, Mapping[str, int]]: ...  # noqa: D102 - its class tells
    @property
    def blocked(self) -> Sequence[str]: ...  # noqa: D102 - its class tells
    @property
    def allowed(self) -> Sequence[str]: ...  # noqa: D102 - its class tells


class StoredBlock(Protocol):
    """Why somebody may not draw."""

    @property
    def ends_at(self) -> datetime | None: ...  # noqa: D102 - its class tells
    @property
    def reason(self) -> str: ...  # noqa: D102 - its class tells


class RuleBook(Protocol):
    """Servers' rules."""

    async def settings(self, guild_id: int) -> StoredRules:
        """What a server has settled."""


class BlockList(Protocol):
    """People who may not draw."""

    async def block_of(self, user_id: int, guild_id: int | None, at: datetime) -> StoredBlock | None:
        """The block that holds for a person in a server, or outside of any."""

    async def record_attempt(self, user_id: int, guild_id: int | None, at: datetime, words: str) -> None:
        """Somebody asked for what is refused always; `words` are theirs."""


class WithheldPictures(Protocol):
    """Pictures that the output check keeps back."""

    async def withhold(self, *, job_id: str, guild_id: int, asker_id: int, reason: str, at: datetime) -> None:
        """Hide the pictures of a job, for moderators to look at."""


class Secrets(Protocol):
    """What isn't told yet."""

    async def is_secret(self, occasion: str) -> bool:
        """Whether the pictures that were drawn for an event are kept from everybody until it is over."""


@dataclass(frozen=True, slots=True)
class Moderation:
    """All of them. Without any, as at a terminal, nobody has settled anything and nobody is blocked."""

    rule_book: RuleBook | None = None
    blocks: BlockList | None = None
    withheld: WithheldPictures | None = None
    secrets: Secrets | None = None


def read_rules(stored: StoredRules) -> ServerRules:
    """Make a server's rules of what is stored of them.

    Raises:
        ValueError, UnreadableEntry: they were written by a version that this one doesn't understand.
    """
    return ServerRules(
        ceiling=None if stored.ceiling is None else Rating(stored.ceiling),
        channel_ids=frozenset(stored.channel_ids),
        by_role={int(role_id): Limits(**limits) for role_id, limits in stored.limits.items()},
        blocked=ListedTags(stored.blocked),
        allowed=ListedTags(stored.allowed),
    )
