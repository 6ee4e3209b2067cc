"""`python bot.py tags import`: a list is taken in, or refused with a sentence."""

from pathlib import Path

import pytest

from tests.test_command_line import start


def test_a_list_is_checked_kept_and_counted(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text('1girl,0,6,"sole_female,1girls"\nbroken\nblue_hair,0,5,\n', encoding="utf-8")
    done = start("tags", "import", str(file), ANIM4GINE_PATHS__DATA=str(tmp_path / "data"))
    assert done.returncode == 0
    assert "2 tags" in done.stdout
    assert "2 aliases" in done.stdout
    assert "1 line" in done.stdout
    assert (tmp_path / "data" / "tags.csv").read_bytes() == file.read_bytes()


@pytest.mark.parametrize("content", [None, "no list of tags"])
def test_what_is_no_list_leaves_the_old_one_alone(tmp_path: Path, content: str | None) -> None:
    kept = tmp_path / "data" / "tags.csv"
    kept.parent.mkdir()
    kept.write_text("1girl,0,6,", encoding="utf-8")
    file = tmp_path / "list.csv"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    done = start("tags", "import", str(file), ANIM4GINE_PATHS__DATA=str(tmp_path / "data"))
    assert done.returncode == 2
    assert str(file) in done.stderr
    assert "Traceback" not in done.stderr
    assert kept.read_text(encoding="utf-8") == "1girl,0,6,"
