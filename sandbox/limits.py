"""Discord's numbers as the sandbox enforces them, with their sources in Discord's documentation.

"assumed" marks what nobody publishes. A test may change a number, to see fifteen minutes end in a second.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Times in seconds, sizes in bytes, lengths in characters; rates are (requests, window in seconds)."""

    acknowledgement_s: float = 3.0
    """Until the first response to an interaction (receiving-and-responding)."""
    token_lifetime_s: float = 900.0
    """How long an interaction token works (receiving-and-responding)."""

    recommended_shards: int = 1
    """Into how many shards a bot of this size should be split (topics/gateway, "Sharding")."""
    identify_pause_s: float = 0.0
    """Between two IDENTIFYs, of all connections of the bot together. Discord's is 5 s where `max_concurrency` is 1
    (events/gateway, "Rate Limiting"); with 0 a bot may be started again and again at once."""

    attachment_size: int = 10 * 2**20
    """One file (reference, "Uploading Files"); sent in each interaction as `attachment_size_limit`."""
    request_size: int = 25 * 2**20
    """One request with all its files (reference, "Uploading Files")."""

    global_rate: tuple[int, float] = (50, 1.0)
    """All of a bot's requests but those to interactions (topics/rate-limits)."""
    interaction_token_rate: tuple[int, float] = (5, 2.0)
    """Requests with one interaction token, seen in its headers."""
    public_follow_up_rate: tuple[int, float] = (30, 60.0)
    """New public messages by follow-up in one channel; hidden, in no header (discord-api-docs issue 3763)."""
    channel_message_rate: tuple[int, float] = (5, 5.0)
    """New messages in one channel, and, counted apart, edits in one channel (assumed)."""
    old_edit_rate: tuple[int, float] = (3, 60.0)
    """Edits of messages older than an hour, in one channel (code 30046; the number is assumed)."""
    old_message_age_s: float = 3600.0
    """From which age a message counts as old (code 30046)."""
    other_rate: tuple[int, float] = (50, 1.0)
    """Any other route (assumed)."""


CONTENT_LENGTH = 2000
ATTACHMENTS = 10
NONCE_LENGTH = 25
EMBEDS = 10
EMBED_TOTAL_LENGTH = 6000
EMBED_LENGTHS = {"title": 256, "description": 4096}
EMBED_FIELDS, FIELD_NAME_LENGTH, FIELD_VALUE_LENGTH = 25, 256, 1024
FOOTER_LENGTH, AUTHOR_LENGTH = 2048, 256
ALT_TEXT_LENGTH = 1024
"""Message resource, "Embed Limits" and attachment object."""

SCHEDULED_EVENTS = 100
"""Scheduled and running ones in one guild (opcodes-and-status-codes, 30038)."""
EVENT_NAME_LENGTH, EVENT_DESCRIPTION_LENGTH, EVENT_LOCATION_LENGTH = 100, 1000, 100
"""Guild scheduled event resource."""
EVENT_YEARS_AHEAD = 5
"""How far away a scheduled event may be (assumed)."""
THREAD_NAME_LENGTH = 100
AUTO_ARCHIVE_MINUTES = (60, 1440, 4320, 10080)
"""Channel resource, "Start Thread" and "Thread Metadata"."""

ROWS, ROW_BUTTONS, SELECT_OPTIONS = 5, 5, 25
CUSTOM_ID_LENGTH, LABEL_LENGTH, PLACEHOLDER_LENGTH = 100, 80, 150
V2_COMPONENTS, V2_TEXT_LENGTH, GALLERY_ITEMS, SECTION_TEXTS = 40, 4000, 10, 3
"""Components reference; 4000 is seen, not documented (discord-api-docs issue 8562)."""

MODAL_TITLE_LENGTH, MODAL_COMPONENTS, TEXT_INPUT_LENGTH, MODAL_LABEL_LENGTH = 45, 5, 4000, 45
MODAL_DESCRIPTION_LENGTH, UPLOADS = 100, 10
AUTOCOMPLETE_CHOICES, CHOICE_LENGTH = 25, 100
COMMAND_OPTIONS, OPTION_CHOICES, COMMAND_TOTAL_LENGTH = 25, 25, 8000
COMMAND_NAME_LENGTH, DESCRIPTION_LENGTH, GLOBAL_SLASH_COMMANDS, MENU_COMMANDS = 32, 100, 100, 15
"""Application commands; components reference for modals."""
