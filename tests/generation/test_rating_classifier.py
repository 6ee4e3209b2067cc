"""The output check's classifier, a tiny one with a real architecture."""

import io
import threading
import time
from pathlib import Path

import pytest
from PIL import Image as PillowImage

from generation.engine.library_turns import LIBRARY_TURNS
from generation.rating import Rating
from generation.rating_classifier import RatingClassifier, UnusableClassifier
from tests.tiny_classifier import build_tiny_classifier


def png() -> bytes:
    file = io.BytesIO()
    PillowImage.new("RGB", (64, 96), "navy").save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(("label", "rating"), [("general", Rating.SAFE), ("explicit", Rating.EXPLICIT)])
def test_a_pictures_rating_is_that_of_its_likeliest_label(tmp_path: Path, label: str, rating: Rating) -> None:
    classifier = RatingClassifier(
        build_tiny_classifier(tmp_path / "model", label), {"explicit": Rating.EXPLICIT}
    )
    classifier.load()
    finding = classifier.look_at(png())
    assert (finding.label, finding.rating) == (label, rating)
    assert finding.score > 0.9


def test_a_classifier_without_the_labels_that_have_ratings_is_refused(tmp_path: Path) -> None:
    classifier = RatingClassifier(build_tiny_classifier(tmp_path / "model", "general"), {"rude": Rating.NSFW})
    with pytest.raises(UnusableClassifier, match="no label rude; those it has are explicit, general"):
        classifier.load()


def test_pickled_weights_are_refused(tmp_path: Path) -> None:
    folder = build_tiny_classifier(tmp_path / "model", "general")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(UnusableClassifier):
        RatingClassifier(folder, {}).load()


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnusableClassifier, match="there is no folder"):
        RatingClassifier(tmp_path / "none", {}).load()


def test_it_is_not_loaded_while_a_model_for_drawing_is(tmp_path: Path) -> None:
    # At `/reload` both may begin in the same moment; side by side they leave the libraries changed for good.
    classifier = RatingClassifier(build_tiny_classifier(tmp_path / "model", "general"), {})
    loading = threading.Thread(target=classifier.load)
    with LIBRARY_TURNS.loading():
        loading.start()
        until = time.monotonic() + 60
        while LIBRARY_TURNS._waiting_to_load < 2:
            assert loading.is_alive(), "it doesn't wait for its turn"
            assert time.monotonic() < until
            time.sleep(0.01)
    loading.join(60)
    assert classifier.look_at(png()).label == "general"
