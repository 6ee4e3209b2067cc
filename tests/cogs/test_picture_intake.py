"""Files are fetched from Discord alone."""

import discord
import pytest

from cogs.picture_intake import _is_discords


@pytest.mark.parametrize(
    ("url", "is_fetched"),
    [
        ("https://cdn.discordapp.com/attachments/1/2/a.png?ex=1", True),
        ("https://media.discordapp.net/attachments/1/2/a.png", True),
        ("http://cdn.discordapp.com/attachments/1/2/a.png", False),
        ("https://cdn.discordapp.com.example.org/a.png", False),
        ("https://example.org/cdn.discordapp.com/a.png", False),
        ("https://cdn.discordapp.com@example.org/a.png", False),
        ("https://somebody@cdn.discordapp.com/a.png", False),
        ("https://discord.com/api/v10/a.png", False),
        ("http://127.0.0.1:8484/a.png", False),
        ("file:///etc/passwd", False),
    ],
)
def test_only_discords_own_hosts_are_asked(url: str, is_fetched: bool) -> None:
    assert _is_discords(url) is is_fetched


def test_where_another_address_stands_for_discord_its_files_lie_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(discord.http.Route, "BASE", "http://127.0.0.1:8484/api/v10")
    assert _is_discords("http://127.0.0.1:8484/attachments/1/2/a.png")
    assert not _is_discords("http://127.0.0.1:8485/attachments/1/2/a.png")
    # A proxy for rate limits stands for Discord's API alone.
    assert _is_discords("https://cdn.discordapp.com/attachments/1/2/a.png")
