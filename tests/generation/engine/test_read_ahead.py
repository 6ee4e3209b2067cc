"""A model's weights are asked for before they are needed; whatever is wrong with them is told by whoever reads them."""

from pathlib import Path

import pytest

from generation.engine.read_ahead import read_ahead
from generation.model_source import ModelSource


def test_the_weights_of_a_folder_and_of_a_single_file_are_asked_for(tiny_checkpoint: Path) -> None:
    assert read_ahead(ModelSource(source=str(tiny_checkpoint))) == 4
    (unet,) = (tiny_checkpoint / "unet").glob("*.safetensors")
    assert read_ahead(ModelSource(source=str(unet))) == 1


@pytest.mark.parametrize("source", ["owner/name", "/nowhere", "/nowhere.safetensors", __file__])
def test_what_is_not_on_this_machine_is_passed_over(source: str) -> None:
    assert read_ahead(ModelSource(source=source)) == 0
