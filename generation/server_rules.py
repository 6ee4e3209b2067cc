"""What a server's moderators have settled for their server, as far as drawing is concerned."""

from dataclasses import dataclass, field

from generation.limits import Limits
from generation.listed_tags import ListedTags
from generation.place import Place
from generation.rating import Rating


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerRules:
    """Rules of one server; where nothing was settled, the defaults hold.

    `ceiling` None means: safe in ordinary channels, and in age-restricted ones what the operator has enabled there.
    `channel_ids` are those where the bot draws, all if there are none. `by_role` holds limits by role, which never
    lift the operator's.
    """

    ceiling: Rating | None = None
    channel_ids: frozenset[int] = frozenset()
    by_role: dict[int, Limits] = field(default_factory=dict)
    blocked: ListedTags = field(default_factory=ListedTags)
    allowed: ListedTags = field(default_factory=ListedTags)

    def is_open(self, place: Place) -> bool:
        """Whether the bot draws at `place`; in a thread where it draws in its channel."""
        return not self.channel_ids or not self.channel_ids.isdisjoint((place.channel_id, place.parent_id))


NO_RULES = ServerRules()
"""What holds in direct messages, and in servers where nobody settled anything."""
