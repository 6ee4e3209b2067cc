"""What people touch in a terminal: the work behind `bot.py`'s subcommands."""
