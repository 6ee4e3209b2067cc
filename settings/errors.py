"""What goes wrong with settings."""


class SettingsError(Exception):
    """A setting is wrong. The message is one line: where, which key, which value, what is allowed."""
