"""What `doctor` and `setup` ask: whether this machine, Discord and the settings go together."""

import asyncio
import os
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import discord
from pydantic import SecretStr

from cogs.command_sync import names_of
from cogs.discord_checkup import DiscordFacts, ask_discord, invite_link, seconds_ahead
from cogs.error_answers import CONNECTION_ERRORS
from generation.tag_dictionary import load_dictionary
from settings.errors import SettingsError
from settings.settings import Settings
from settings.tokens import read_token
from storage.database import Database
from storage.picture_files import PictureFiles
from terminal import doctor
from terminal.doctor import Examination, Finding, Health
from terminal.questions import Unfit
from terminal.setup import DiscordSilent, KnownBot
from wiring.assembly import build_bot
from wiring.discord_address import point_discord_at
from wiring.engine import engine_options, model_source

REFUSED_TOKEN = "Discord refuses it: copy the bot's token (not the client secret) again."  # noqa: S105 - a sentence
CLOCK_TOLERANCE_S = 5
"""Discord tells whole seconds, and an interaction's fifteen minutes are counted by our clock."""


def examinations(settings: Settings) -> Mapping[str, Examination]:
    """What there is to look at before a start with `settings`, by its subject."""
    return {
        "Python": doctor.python,
        **({"Ray": doctor.cluster()} if settings.drawing.engine == "ray" else _of_devices(settings)),
        "LoRAs": doctor.lora_folder(settings.model.lora_path),
        "database": doctor.database(settings.database_url),
        "disk": doctor.disk(settings.paths.data),
        "fonts": doctor.fonts,
        "Discord": partial(_examine_discord, settings),
    }


def _of_devices(settings: Settings) -> Mapping[str, Examination]:
    source, options, devices = model_source(settings), engine_options(settings), settings.model.devices
    copies = {replace(source, device=name): devices.count(name) for name in dict.fromkeys(devices)}
    return {
        "driver": doctor.driver,
        **{f"torch on {each.device}": doctor.torch_for(each) for each in copies},
        "model": doctor.model(source),
        "float8": doctor.quantization(options),
        **{
            f"memory of {each.device}": doctor.memory(each, options, copies=count)
            for each, count in copies.items()
        },
    }


def known_bot(api_base: str, token: SecretStr) -> KnownBot:
    """Log in with a token, to see whose it is.

    Raises:
        Unfit: Discord refuses the token.
        DiscordSilent: nobody answers at `api_base`.
    """

    async def ask() -> DiscordFacts:
        await point_discord_at(api_base)
        return await ask_discord(token)

    try:
        facts = asyncio.run(ask())
    except discord.LoginFailure:
        raise Unfit(REFUSED_TOKEN) from None
    except (discord.DiscordException, *CONNECTION_ERRORS) as error:
        raise DiscordSilent(f"{api_base} can't be reached: {error!r}") from None
    return KnownBot(facts.name, invite_link(facts.application_id))


async def _examine_discord(settings: Settings) -> list[Finding]:
    """Whether the token is good, the clock right, and the commands those that Discord knows."""
    try:
        token = read_token(settings, os.environ)
    except SettingsError as error:
        return [Finding(Health.BROKEN, "token", str(error))]
    if token is None:
        return [Finding(Health.BROKEN, "token", "there is none: set DISCORD_TOKEN, or discord.token_file")]
    try:
        await point_discord_at(settings.discord.api_base)
        ahead_s = await seconds_ahead(settings.discord.api_base, time.time())
        facts = await ask_discord(token, settings.discord.servers)
    except discord.LoginFailure:
        return [Finding(Health.BROKEN, "token", REFUSED_TOKEN)]
    except (discord.DiscordException, *CONNECTION_ERRORS) as error:
        told = f"{settings.discord.api_base} can't be reached: {error!r}"
        return [Finding(Health.BROKEN, "Discord", told)]
    return [
        Finding(Health.OK, "token", f"it is that of {facts.name} ({facts.application_id})"),
        Finding(Health.OK, "intents", "no privileged one is needed"),
        Finding(Health.OK, "invitation", invite_link(facts.application_id)),
        *_servers_finding(settings, facts),
        _clock_finding(ahead_s),
        await _commands_finding(settings, facts),
    ]


def _servers_finding(settings: Settings, facts: DiscordFacts) -> list[Finding]:
    if not settings.discord.servers:
        return []
    if facts.absent_from:
        told = f"it isn't in {', '.join(map(str, facts.absent_from))}: invite it, or mend discord.servers"
        return [Finding(Health.LOOK, "servers", told)]
    return [Finding(Health.OK, "servers", f"it is in all {len(settings.discord.servers)} that it works in")]


def _clock_finding(ahead_s: float | None) -> Finding:
    if ahead_s is None:
        return Finding(Health.LOOK, "clock", "Discord doesn't tell the time, so yours can't be compared")
    if abs(ahead_s) > CLOCK_TOLERANCE_S:
        told = (
            f"it is {abs(ahead_s):.0f} s {'ahead' if ahead_s > 0 else 'behind'}: turn on time synchronisation"
        )
        return Finding(Health.BROKEN, "clock", told)
    return Finding(Health.OK, "clock", "it agrees with Discord's")


async def _commands_finding(settings: Settings, facts: DiscordFacts) -> Finding:
    database = Database("sqlite+aiosqlite://")
    files = PictureFiles(settings.paths.data)
    bot = build_bot(settings, database, files, load_dictionary(), None, lambda: settings)
    await bot.add_cogs()
    ours = {name for name, _ in names_of(bot.tree)}
    if ours == facts.commands:
        return Finding(Health.OK, "commands", f"Discord knows all {len(ours)}")
    return Finding(Health.LOOK, "commands", "Discord knows others; the next start brings them in step")
