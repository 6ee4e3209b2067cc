"""`setup` as somebody meets it: the program on a terminal of its own, with the sandbox for Discord."""

import asyncio
import os
import pty
import select
import signal
import stat
import subprocess
import sys
import tomllib
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import discord
import pytest
import tomli_w
from aiohttp import web
from click.testing import CliRunner, Result

from bot import cli
from generation.model_errors import ModelNotFound, WrongModelKind
from generation.model_hub import HubUnreachable, require_on_hub
from generation.model_source import ModelSource
from sandbox import SandboxServer
from settings.reading import load_settings
from tests.sandbox.client import point_at
from tests.test_command_line import ROOT, start

ANSWER_TIMEOUT_S = 40
GOOD_TOKEN, WRONG_TOKEN = "a-token-nobody-may-read", "invalid-one"


@pytest.fixture
async def server() -> AsyncIterator[SandboxServer]:
    sandbox = SandboxServer(port=0)
    await sandbox.start()
    yield sandbox
    await sandbox.stop()


class Terminal:
    """The program on a pseudoterminal: what it prints, and what somebody types."""

    def __init__(self, process: "subprocess.Popen[bytes]", side: int) -> None:
        self.process = process
        self._side = side
        self.shown = ""
        self._seen = 0

    def answer(self, question: str, typed: str) -> None:
        """Wait until `question` is asked, then type and press Enter."""
        while question not in self.shown[self._seen :]:
            assert self._read(), f"it ended without asking {question!r}: {self.shown}"
        self._seen = self.shown.index(question, self._seen) + len(question)
        # The echo is off before the question is asked.
        os.write(self._side, f"{typed}\n".encode())

    def end(self) -> int:
        """Read to the end; returns the exit code."""
        while self._read():
            pass
        return self.process.wait(ANSWER_TIMEOUT_S)

    def _read(self) -> bool:
        readable, _, _ = select.select([self._side], [], [], ANSWER_TIMEOUT_S)
        assert readable, f"it says nothing more: {self.shown}"
        try:
            read = os.read(self._side, 65536)
        except OSError:  # how Linux says that the other side is closed
            return False
        self.shown += read.decode().replace("\r\n", "\n")
        return bool(read)


async def called(server: SandboxServer, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Result:
    """Call `setup` in this process, with the sandbox for Discord."""
    point_at(server, monkeypatch)
    monkeypatch.setenv("ANIM4GINE_DISCORD__API_BASE", server.api_base)
    return await asyncio.to_thread(CliRunner().invoke, cli, ["setup", "--no-questions", *arguments])


@contextmanager
def terminal(*arguments: str, **environment: str) -> Iterator[Terminal]:
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("ANIM4GINE_") and name != "DISCORD_TOKEN"
    }
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "bot.py", "setup", *arguments],
        cwd=ROOT, env=clean | environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    try:
        yield Terminal(process, ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


async def test_every_answer_is_tried_and_the_settings_that_come_of_it_please_the_doctor(
    server: SandboxServer, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    file = tmp_path / "mine" / "my.toml"
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"no weights")

    def talk() -> Terminal:
        with terminal("--config", str(file), ANIM4GINE_DISCORD__API_BASE=server.api_base) as it:
            it.answer("Token:", "two words")
            it.answer("Token:", WRONG_TOKEN)
            it.answer("Token:", GOOD_TOKEN)
            it.answer("Model:", str(tmp_path / "absent.safetensors"))
            it.answer("Model:", str(broken))
            it.answer("Model:", str(tiny_checkpoint))
            it.answer("Device:", "cuda:77")
            it.answer("Device:", "gpu")
            it.answer("Device:", "cpu")
            it.answer("age-restricted", "naughty")
            it.answer("age-restricted", "sensitive")
            it.answer("only servers", "my server")
            it.answer("only servers", server.world.guild_id)
            it.answer("Folder", str(tmp_path / "pictures"))
            assert it.end() == 0, it.shown
            return it

    shown = (await asyncio.to_thread(talk)).shown
    assert "Discord refuses it" in shown
    assert WRONG_TOKEN not in shown
    assert GOOD_TOKEN not in shown
    assert "broken.safetensors isn't a safetensors file" in shown

    link = next(word for word in shown.split() if word.startswith("https://discord.com/oauth2/"))
    asked = parse_qs(urlsplit(link).query)
    assert asked["client_id"] == [str(server.world.application_id)]
    assert asked["scope"] == ["bot applications.commands"]
    granted = discord.Permissions(int(asked["permissions"][0]))
    assert granted.attach_files
    assert granted.create_public_threads
    assert not granted.administrator
    assert f"bot.py doctor --config {file}" in shown

    token_file = file.with_name("bot.token")
    assert token_file.read_text() == f"{GOOD_TOKEN}\n"
    assert stat.S_IMODE(token_file.stat().st_mode) == 0o600
    assert GOOD_TOKEN not in file.read_text()
    settings = load_settings(file)
    assert settings.model.source == str(tiny_checkpoint)
    assert (settings.model.device, settings.policy.age_restricted_ceiling) == ("cpu", "sensitive")
    assert settings.paths.data == tmp_path / "pictures"
    assert settings.discord.token_file == str(token_file)
    assert settings.discord.servers == (int(server.world.guild_id),)
    assert sorted(path.name for path in file.parent.iterdir()) == ["bot.token", "my.toml"]

    examined = await asyncio.to_thread(
        start, "doctor", "--config", str(file), ANIM4GINE_DISCORD__API_BASE=server.api_base
    )
    assert examined.returncode == 0, examined.stdout + examined.stderr
    assert "ok    token" in examined.stdout
    assert "ok    servers" in examined.stdout


async def test_enter_alone_keeps_what_was_settled_before(
    server: SandboxServer, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    file, token_file = tmp_path / "my.toml", tmp_path / "bot.token"
    token_file.write_text(GOOD_TOKEN)
    settled = {
        "discord": {"token_file": str(token_file), "servers": [123456789012345678]},
        "model": {"source": str(tiny_checkpoint), "device": "cpu"},
        "limits": {"steps": 30},
        "policy": {"age_restricted_ceiling": "nsfw", "blocked": ["gun*"]},
        "paths": {"data": str(tmp_path)},
    }
    file.write_text(tomli_w.dumps(settled))

    def talk() -> None:
        with terminal("--config", str(file), ANIM4GINE_DISCORD__API_BASE=server.api_base) as it:
            it.answer("Change it?", "y")
            for question in (
                "Put a new one",
                "Model:",
                "Device:",
                "age-restricted",
                "only servers",
                "Folder",
            ):
                it.answer(question, "")
            assert it.end() == 0, it.shown

    await asyncio.to_thread(talk)
    assert tomllib.loads(file.read_text()) == settled
    assert token_file.read_text() == GOOD_TOKEN


async def test_options_answer_for_scripts_and_what_is_not_asked_about_stays(
    server: SandboxServer, tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, token_file = tmp_path / "my.toml", tmp_path / "token"
    token_file.write_text(GOOD_TOKEN)
    file.write_text('[limits]\nsteps = 30\n[model]\ndevice = "cpu"\nprofile = "animagine-xl-4.0-opt"\n')
    arguments = [
        "--config", str(file), "--token-file", str(token_file),
        "--model", str(tiny_checkpoint), "--device", "auto", "--ceiling", "nsfw",
        "--servers", "123456789012345678,234567890123456789",
    ]  # fmt: skip
    refused = await called(server, monkeypatch, *arguments)
    assert refused.exit_code == 2
    assert "--replace" in refused.stderr
    assert "nsfw" not in file.read_text()

    done = await called(server, monkeypatch, *arguments, "--replace")
    assert done.exit_code == 0, done.stderr
    settings = load_settings(file)
    assert (settings.limits.steps, settings.model.profile) == (30, "animagine-xl-4.0-opt")
    assert (settings.model.device, settings.policy.age_restricted_ceiling) == ("auto", "nsfw")
    assert settings.discord.servers == (123456789012345678, 234567890123456789)
    assert "device" not in file.read_text()  # it is the default now
    assert settings.discord.token_file == str(token_file)
    assert not (tmp_path / "bot.token").exists()


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--token-file", "absent", "can't be read"),
        ("--token-file", "occupied", "is empty"),
        ("--model", "no-such-model.safetensors", "can't be used"),
        ("--device", "cuda:77", "can't be used"),
        ("--data", "occupied", "is a file"),
        ("--servers", "12, nowhere", "17 to 19 digits"),
    ],
)
async def test_an_option_that_does_not_hold_is_told_and_nothing_is_written(
    server: SandboxServer,
    tiny_checkpoint: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    option: str,
    value: str,
    words: str,
) -> None:
    (tmp_path / "token").write_text(GOOD_TOKEN)
    (tmp_path / "occupied").touch()
    options = {"--token-file": "token", "--model": str(tiny_checkpoint), "--device": "cpu", "--data": "data"}
    options[option] = value
    for path in ("--token-file", "--model", "--data"):
        options[path] = str(tmp_path / options[path])
    result = await called(
        server, monkeypatch, "--config", str(tmp_path / "my.toml"),
        *(word for pair in options.items() for word in pair),
    )  # fmt: skip
    assert result.exit_code == 2
    assert words in result.stderr
    assert not (tmp_path / "my.toml").exists()


async def test_a_wrong_token_of_the_environment_ends_it(
    server: SandboxServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", WRONG_TOKEN)
    result = await called(server, monkeypatch, "--config", str(tmp_path / "my.toml"))
    assert result.exit_code == 2
    assert "DISCORD_TOKEN: Discord refuses it" in result.stderr
    assert WRONG_TOKEN not in result.output


async def test_ctrl_c_leaves_nothing_behind(server: SandboxServer, tmp_path: Path) -> None:
    def interrupt() -> None:
        api = server.api_base
        with terminal("--config", str(tmp_path / "my.toml"), ANIM4GINE_DISCORD__API_BASE=api) as it:
            it.answer("Token:", GOOD_TOKEN)
            it.answer("Model:", "")
            it.process.send_signal(signal.SIGINT)
            assert it.end() != 0
        assert not list(tmp_path.iterdir())

    await asyncio.to_thread(interrupt)


async def test_without_discord_somebody_may_go_on(tiny_checkpoint: Path, tmp_path: Path) -> None:
    def talk() -> Terminal:
        with terminal(
            "--config", str(tmp_path / "my.toml"), "--model", str(tiny_checkpoint), "--device", "cpu",
            "--ceiling", "safe", "--servers", "everywhere", "--data", str(tmp_path), ANIM4GINE_DISCORD__API_BASE="http://127.0.0.1:9/api/v10",
        ) as it:  # fmt: skip
            it.answer("Token:", GOOD_TOKEN)
            it.answer("Go on", "y")
            assert it.end() == 0, it.shown
            return it

    shown = (await asyncio.to_thread(talk)).shown
    assert "http://127.0.0.1:9/api/v10 can't be reached" in shown
    assert "oauth2" not in shown
    assert (tmp_path / "bot.token").exists()


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (200, "", None),
        (404, "RepoNotFound", ModelNotFound),
        (401, "RepoNotFound", ModelNotFound),
        (404, "RevisionNotFound", ModelNotFound),
        (403, "GatedRepo", ModelNotFound),
        (404, "EntryNotFound", WrongModelKind),
        (503, "", HubUnreachable),
    ],
)
async def test_the_hub_is_asked_whether_it_has_a_model(
    status: int, code: str, error: type[Exception] | None
) -> None:
    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        headers = {"X-Error-Code": code, "ETag": '"1"', "X-Repo-Commit": "0" * 40}
        return web.Response(status=status, headers=headers)

    asked: list[str] = []
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        endpoint = f"http://127.0.0.1:{runner.addresses[0][1]}"
        with nullcontext() if error is None else pytest.raises(error):
            await asyncio.to_thread(require_on_hub, ModelSource(source="somebody/something"), endpoint)
    finally:
        await runner.cleanup()
    assert "/somebody/something/resolve/main/model_index.json" in asked
