"""The program as people start it: help, mistakes, and `render`, each in a process of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import IO

import click
import pytest
import sd_parsers
from PIL import Image

from bot import cli, settings_reader

ROOT = Path(__file__).parents[1]
TIMEOUT_S = 120


def clean_environment() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("ANIM4GINE_") and name != "DISCORD_TOKEN"
    }


def start(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        # Whoever works on the bot may have settings of their own.
        [sys.executable, "bot.py", "--config", "config.toml", *arguments],
        cwd=ROOT, env=clean_environment() | environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False,
    )  # fmt: skip


def test_help_names_every_subcommand() -> None:
    result = start("--help")
    assert result.returncode == 0
    assert all(name in result.stdout for name in ("run", "sandbox", "render", "--config"))


@pytest.mark.parametrize("subcommand", [[], ["run"]])
def test_without_a_token_the_way_to_one_and_the_sandbox_are_told(subcommand: list[str]) -> None:
    result = start(*subcommand)
    assert result.returncode == 2
    assert "https://discord.com/developers/applications" in result.stderr
    assert "make sandbox" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("before", [True, False])
def test_a_mistake_in_the_configuration_is_one_line_and_exit_code_2(tmp_path: Path, before: bool) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("[limits]\nsteps = 0\n")
    option = ["--config", str(file)]
    result = start(*option, "run") if before else start("run", *option)
    assert result.returncode == 2
    (line,) = result.stderr.strip().splitlines()
    assert str(file) in line
    assert "limits.steps = 0" in line


def test_settings_of_ones_own_are_read_where_there_are_some(tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text("[limits]\nsteps = 0\n")
    result = subprocess.run(
        [sys.executable, ROOT / "bot.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert result.returncode == 2
    assert "my.toml: limits.steps = 0" in result.stderr


def test_settings_of_ones_own_that_are_written_while_the_bot_runs_are_read_by_its_next_reload(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with click.Context(cli):
        reader = settings_reader()
    (tmp_path / "config.toml").write_text("[limits]\nsteps = 40")
    assert reader.read().limits.steps == 40
    (tmp_path / "my.toml").write_text("[limits]\nsteps = 30")
    assert reader.read().limits.steps == 30


def test_discord_out_of_reach_is_told_without_a_stack_or_the_token() -> None:
    result = start(
        "run", DISCORD_TOKEN="very.secret.token", ANIM4GINE_DISCORD__API_BASE="http://127.0.0.1:9/api/v10"
    )
    assert result.returncode == 1
    assert "http://127.0.0.1:9/api/v10" in result.stderr
    assert "very.secret" not in result.stderr
    assert "Traceback" not in result.stderr


class _Gateway(BaseHTTPRequestHandler):
    """Answers where the gateway is."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b'{"url": "ws://127.0.0.1:9"}')

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def vanishing_discord() -> Iterator[str]:
    """Answers one question, that for the gateway, and is out of reach from then on."""
    server = HTTPServer(("127.0.0.1", 0), _Gateway)

    def answer_once() -> None:
        with server:
            server.handle_request()

    answering = Thread(target=answer_once)
    answering.start()
    yield f"http://127.0.0.1:{server.server_port}/api/v10"
    answering.join()


def test_discord_that_vanishes_before_the_login_is_no_mistake_in_the_settings_of_the_watch(
    tmp_path: Path,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with vanishing_discord() as api_base:
        ended = start_watched(tmp_path, port, ANIM4GINE_DISCORD__API_BASE=api_base)
    assert ended.returncode == 1
    assert f"Discord can't be reached at {api_base}" in ended.stderr
    assert "watch.port" not in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_port_of_the_watch_that_is_taken_is_a_mistake_in_the_settings(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, vanishing_discord() as api_base:
        port = taken.getsockname()[1]
        ended = start_watched(tmp_path, port, ANIM4GINE_DISCORD__API_BASE=api_base)
    assert ended.returncode == 2
    assert f"watch.port = {port}: can't be listened on" in ended.stderr


def start_watched(folder: Path, port: int, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the bot with its watch on `port`, and without a model."""
    return start(
        "run",
        DISCORD_TOKEN="a-token",
        ANIM4GINE_WATCH__PORT=str(port),
        ANIM4GINE_PATHS__DATA=str(folder),
        ANIM4GINE_MODEL__SOURCE=str(folder / "no-such-model"),
        **environment,
    )


class SlowDiscord(ThreadingHTTPServer):
    """Answers where the gateway is when it `may_answer`, and keeps whoever logs in waiting until it `may_end`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _SlowGateway)
        self.was_asked, self.may_answer, self.may_end = Event(), Event(), Event()


class _SlowGateway(_Gateway):
    server: SlowDiscord

    def do_GET(self) -> None:
        if not self.path.endswith("/gateway"):
            self.server.may_end.wait(TIMEOUT_S)
            return
        self.server.was_asked.set()
        self.server.may_answer.wait(TIMEOUT_S)
        super().do_GET()


@contextmanager
def slow_discord() -> Iterator[SlowDiscord]:
    with SlowDiscord() as server:
        serving = Thread(target=server.serve_forever)
        serving.start()
        yield server
        server.may_answer.set()
        server.may_end.set()
        server.shutdown()
        serving.join()


@contextmanager
def started(
    command: Sequence[str], log: IO[str], environment: dict[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """A program that writes to `log`; whatever the test leaves of it is killed."""
    with subprocess.Popen(command, cwd=ROOT, env=clean_environment() | environment, stderr=log) as process:
        try:
            yield process
        finally:
            process.kill()


def until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + TIMEOUT_S
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_a_hangup_ends_the_bot_neither_early_nor_late_and_what_was_asked_for_early_is_done(
    tmp_path: Path,
) -> None:
    file, log = tmp_path / "mine.toml", tmp_path / "log"
    model = f'[model]\nsource = "{tmp_path / "no-such-model"}"\n'
    file.write_text(model + "[limits]\nsteps = 40")
    with slow_discord() as discord, log.open("w") as written:
        settings = {
            "DISCORD_TOKEN": "a-token",
            "ANIM4GINE_DISCORD__API_BASE": f"http://127.0.0.1:{discord.server_port}/api/v10",
            "ANIM4GINE_PATHS__DATA": str(tmp_path / "data"),
        }
        command = [sys.executable, "-X", "importtime", "bot.py", "run", "--config", str(file)]
        with started(command, written, settings) as bot:
            until(lambda: "| click\n" in log.read_text())
            bot.send_signal(signal.SIGHUP)  # while it imports
            assert discord.was_asked.wait(TIMEOUT_S)
            file.write_text(model + "[limits]\nsteps = 30")
            bot.send_signal(signal.SIGHUP)  # while it waits for Discord, before it has anything to reload
            discord.may_answer.set()
            until(lambda: "These hold now: limits.steps: 40 → 30" in log.read_text())
            bot.terminate()
            while bot.poll() is None:
                bot.send_signal(signal.SIGHUP)
                time.sleep(0.001)
    assert bot.returncode == 0, log.read_text()[-2000:]


def test_a_device_that_is_gone_for_the_process_ends_it_with_exit_code_1_and_a_sentence() -> None:
    program = """
import bot
from generation.errors import ModelUnavailable
from generation.model_errors import DeviceGone

async def serve(*_arguments):
    raise ModelUnavailable(DeviceGone("tiny", "CUDA error: unspecified launch failure", "cuda:0"))

bot.serve = serve
bot.cli(["--config", "config.toml", "run"])
"""
    result = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT, env=os.environ | {"DISCORD_TOKEN": "a.b.c"}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert result.returncode == 1
    assert "CUDA error: unspecified launch failure" in result.stderr
    assert "Start it again" in result.stderr
    assert "Traceback" not in result.stderr


def test_render_writes_a_png_that_another_reader_understands(tiny_checkpoint: Path, tmp_path: Path) -> None:
    output = tmp_path / "pictures" / "out.png"
    result = start(
        "render", "1girl, (smile:1.2)", "--aspect", "portrait", "--seed", "7", "--steps", "2", "-o", str(output),
        ANIM4GINE_MODEL__SOURCE=str(tiny_checkpoint),
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert str(output) in result.stdout
    assert Image.open(output).size == (832, 1216)
    read = sd_parsers.ParserManager().parse(output)
    assert read is not None
    assert read.samplers[0].parameters["seed"] == "7"
    assert "(smile:1.2)" in str(read.prompts[0].value)


def test_render_numbers_several_pictures_and_repeats_them_by_seed(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    for name, count, seed in (("a", "2", "7"), ("b", "1", "8")):
        result = start(
            "render", "1girl", "--aspect", "3:2", "--steps", "1", "--seed", seed, "--count", count,
            "-o", str(tmp_path / f"{name}.png"), ANIM4GINE_MODEL__SOURCE=str(tiny_checkpoint),
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
    assert (tmp_path / "a-2.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert (tmp_path / "a-1.png").read_bytes() != (tmp_path / "b.png").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["1girl", "--aspect", "16:9"], "portrait"),
        (["1girl", "--steps", "70"], "1 – 50"),
        (["1girl", "--guidance", "99"], "1 – 20"),
        ([" , "], "at least one tag"),
        (["child, nude"], "minor"),
    ],
)
def test_what_render_cannot_draw_is_told_in_a_sentence(
    tiny_checkpoint: Path, tmp_path: Path, arguments: list[str], words: str
) -> None:
    output = tmp_path / "out.png"
    result = start("render", *arguments, "-o", str(output), ANIM4GINE_MODEL__SOURCE=str(tiny_checkpoint))
    assert result.returncode != 0
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert not output.exists()


def test_render_without_the_model_names_it_and_offers_the_practice_model(tmp_path: Path) -> None:
    missing = str(tmp_path / "no-such-model")
    result = start("render", "1girl", "-o", str(tmp_path / "out.png"), ANIM4GINE_MODEL__SOURCE=missing)
    assert result.returncode == 1
    assert missing in result.stderr
    assert "--tiny" in result.stderr
    assert "Traceback" not in result.stderr


def test_render_to_where_nothing_can_be_written_is_told(tiny_checkpoint: Path, tmp_path: Path) -> None:
    occupied = tmp_path / "file"
    occupied.touch()
    output = occupied / "out.png"
    result = start(
        "render", "1girl", "--steps", "1", "-o", str(output), ANIM4GINE_MODEL__SOURCE=str(tiny_checkpoint)
    )
    assert result.returncode == 1
    assert "can't be read or written" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_database_out_of_reach_ends_the_program_at_once_though_the_model_is_being_loaded() -> None:
    nowhere = "postgresql+asyncpg://bot:hunter2@127.0.0.1:1/bot"
    ended = start("run", DISCORD_TOKEN="a-token", ANIM4GINE_DATABASE__URL=nowhere)
    assert ended.returncode == 1, "it may only be slower to start: who supervises the bot tries again"
    assert "can't be used" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "hunter2" not in ended.stderr


def test_a_settings_file_that_is_named_has_to_be_there(tmp_path: Path) -> None:
    ended = start("run", "--config", str(tmp_path / "confg.toml"), DISCORD_TOKEN="a-token")
    assert ended.returncode == 2
    assert "confg.toml: there is no such settings file" in ended.stderr
