"""Discord's limits that the bot works within, each with its source in Discord's documentation."""

from datetime import timedelta

TOKEN_LIFETIME = timedelta(minutes=15)
"""How long an interaction's message can be edited ("Interaction Tokens", receiving-and-responding)."""

CONTENT_LENGTH = 2000
"""Characters of a message's content (message resource)."""

EMBEDS, EMBEDS_LENGTH = 10, 6000
"""Embeds of a message, and the characters of all of them together (message resource, embed limits)."""

ATTACHMENTS = 10
"""Files of a message (message resource)."""

FILE_BYTES = 10 * 2**20
"""One file, where nothing else is told ("Uploading Files", reference)."""

UPLOAD_TOTAL_BYTES = 25 * 2**20
"""One request, all files together ("Uploading Files", reference)."""

ALT_TEXT_LENGTH = 1024
"""Characters of an attachment's description (message resource, attachment object)."""

EMBED_DESCRIPTION_LENGTH = 4096
"""Characters of an embed's description (message resource, embed limits)."""

CHOICES = 25
"""Autocomplete offers and fixed choices of an option (application commands)."""

CHOICE_LENGTH = 100
"""Characters of a choice's name and of its value (application commands)."""

OPTION_LENGTH = 6000
"""Characters of a command's text option (application commands)."""

CUSTOM_ID_LENGTH = 100
"""Characters of a component's or form's custom_id (components reference)."""

PROGRESS_EDITS_PER_S = 10.0
"""Our own pace over all jobs together: edits of deferred messages share the bot's connection with the results."""

PROGRESS_EDIT_INTERVAL_S = 2.5
"""Our own pace: interaction webhooks bear 5 requests in 2 s for each token, and an edit is not worth more."""
