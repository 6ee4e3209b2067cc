"""Commands called in this process see no setting but those a test gives them."""

import os

import pytest


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("ANIM4GINE_"):
            monkeypatch.delenv(name)
