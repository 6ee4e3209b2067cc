"""The README's first command, as people start it: a page, a first picture, and nothing of a real bot's touched."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

from tests.test_command_line import start

ROOT = Path(__file__).parents[2]
START_S = 240


@contextmanager
def sandbox(data: Path) -> Iterator[subprocess.Popen[str]]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANIM4GINE_")}
    process = subprocess.Popen(
        [sys.executable, "-u", "bot.py", "--config", "config.toml", "sandbox", "--port", "0"],
        cwd=ROOT,
        env=environment | {"ANIM4GINE_PATHS__DATA": str(data)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def read_until(process: subprocess.Popen[str], sign: str) -> str:
    assert process.stdout is not None
    read = ""
    until = time.monotonic() + START_S
    while sign not in read and time.monotonic() < until:
        line = process.stdout.readline()
        assert line, read
        read += line
    return read


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_the_sandbox_draws_a_first_picture_and_leaves_a_bots_own_pictures_alone(tmp_path: Path) -> None:
    old = tmp_path / "images" / "ab" / f"{'ab' * 32}.png"
    old.parent.mkdir(parents=True)
    old.write_bytes(b"a favourite of somebody's")
    years_ago = time.time() - 3 * 365 * 86_400
    os.utime(old, (years_ago, years_ago))
    (tmp_path / "tags.csv").write_text("lantern festival,0,900,\n", encoding="utf-8")
    with sandbox(tmp_path) as process:
        told = read_until(process, "The first picture:")
        page = re.search(r"The page: +(\S+)", told)
        assert page is not None
        with urllib.request.urlopen(page[1], timeout=10) as response:  # noqa: S310 - the page on this machine
            assert response.status == 200
        picture = Image.open(tmp_path / "sandbox" / "first-picture.png")
        assert picture.size == (832, 1216)
        assert list((tmp_path / "sandbox" / "images").rglob("*.png"))
        assert (tmp_path / "sandbox" / "tags.csv").exists()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0
    assert old.exists()
    assert not (tmp_path / "anim4gine.db").exists()


def test_what_keeps_the_sandbox_from_starting_is_told_in_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        page = start("sandbox", "--port", port, ANIM4GINE_PATHS__DATA=str(tmp_path))
        watch = start(
            "sandbox", "--port", "0", ANIM4GINE_PATHS__DATA=str(tmp_path), ANIM4GINE_WATCH__PORT=port
        )
    assert page.returncode == 1
    assert f"The page can't be served on port {port}" in page.stderr
    assert watch.returncode == 2
    assert f"watch.port = {port}: can't be listened on" in watch.stderr
    assert "Traceback" not in page.stderr + watch.stderr
