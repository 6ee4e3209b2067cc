"""The libraries are imported once, and what they brought is no burden for later collections."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]

LOOK = """
import gc
from generation.engine.libraries import import_libraries
import_libraries()
assert gc.isenabled()
frozen = gc.get_freeze_count()
assert frozen > 100_000, frozen
import_libraries()
assert gc.get_freeze_count() == frozen
assert len(gc.get_objects()) < frozen / 10
"""


def test_what_the_libraries_bring_is_set_aside_and_the_collector_works_on() -> None:
    subprocess.run([sys.executable, "-c", LOOK], cwd=ROOT, check=True)
