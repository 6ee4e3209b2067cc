"""What every kind of test may ask for."""

import os
import secrets
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import make_url

from generation.engine.local_engine import ENGINE_THREAD
from generation.tiny_checkpoint import build_tiny_checkpoint

POSTGRES = "POSTGRES_FOR_TESTS"
"""Environment variable: postgresql+asyncpg://USER:PASSWORD@HOST/NAME of a server where the tests may make databases."""

LONGEST_LOAD_S = 60.0
"""How long a practice model may take to load beside all else that a busy machine does."""


@pytest.fixture(scope="session")
def tiny_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The practice model's folder. Shared by the whole run: look, don't write."""
    return build_tiny_checkpoint(tmp_path_factory.mktemp("practice") / "tiny-sdxl")


@pytest.fixture(autouse=True)
def no_engine_outlives_its_test() -> Iterator[None]:
    """Wait for engines that were closed while they load: closing doesn't.

    They take their turn with the libraries (`LIBRARY_TURNS`), and a test that loads a model itself takes none: side by
    side they would leave torch's modules without numbers for all tests that follow.
    """
    former = set(threading.enumerate())
    yield
    for thread in threading.enumerate():
        if thread.name == ENGINE_THREAD and thread not in former:
            thread.join(LONGEST_LOAD_S)
            assert not thread.is_alive(), "an engine was not closed"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screenshots", type=Path, help="keep the browser tests' screenshots in this folder")


@pytest.fixture
def screenshots(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Where browser tests put their screenshots: a temporary folder unless `--screenshots` names one."""
    folder: Path = request.config.getoption("--screenshots") or tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(params=["sqlite", "postgresql"])
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The address of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
        return
    if POSTGRES not in os.environ:
        pytest.skip(f"{POSTGRES} names no PostgreSQL server")
    server = make_url(os.environ[POSTGRES])
    name = f"test_{secrets.token_hex(6)}"
    connection = await asyncpg.connect(
        server.set(drivername="postgresql").render_as_string(hide_password=False)
    )
    await connection.execute(f"CREATE DATABASE {name}")
    yield server.set(database=name).render_as_string(hide_password=False)
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()
