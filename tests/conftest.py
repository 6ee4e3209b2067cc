"""What every kind of test may ask for."""

from pathlib import Path

import pytest

from generation.tiny_checkpoint import build_tiny_checkpoint


@pytest.fixture(scope="session")
def tiny_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The practice model's folder. Shared by the whole run: look, don't write."""
    return build_tiny_checkpoint(tmp_path_factory.mktemp("practice") / "tiny-sdxl")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screenshots", type=Path, help="keep the browser tests' screenshots in this folder")


@pytest.fixture
def screenshots(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Where browser tests put their screenshots: a temporary folder unless `--screenshots` names one."""
    folder: Path = request.config.getoption("--screenshots") or tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    return folder
