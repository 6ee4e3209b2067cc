"""Every setting of the bot: its type and bounds, how it is read, and how a mistake in it is told."""
