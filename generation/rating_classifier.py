"""An image classifier that tells a finished picture's rating; any of transformers' that have safetensors."""

import io
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image as PillowImage

from generation.engine.library_turns import LIBRARY_TURNS
from generation.rating import Rating


class UnusableClassifier(Exception):
    """The classifier can't be used. `reason` is for the operator."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Finding:
    """What the classifier takes a picture for: its likeliest label, how sure it is (0 to 1), the label's rating."""

    label: str
    score: float
    rating: Rating


class RatingClassifier:
    """Looks at pictures, one at a time. All methods block: use it on threads.

    `folder` holds a model for image classification with its image processor, `ratings` the ratings of its labels;
    labels that are not named are SAFE.
    """

    def __init__(self, folder: Path, ratings: Mapping[str, Rating]) -> None:
        self._folder = folder
        self._ratings = ratings
        self._lock = threading.Lock()
        self._pipeline: Any = None

    def load(self) -> None:
        """Load the model, once no other is loaded or compiled, which may take minutes; it runs on the CPU, where it
        leaves the GPU's memory to the drawing.

        Raises:
            UnusableClassifier: it isn't there, isn't in safetensors, or hasn't the labels that ratings are given for.
        """
        # Importing transformers takes seconds, and most bots have no classifier.
        from transformers import AutoImageProcessor, AutoModelForImageClassification, pipeline  # noqa: PLC0415

        if not self._folder.is_dir():
            raise UnusableClassifier(f"there is no folder {self._folder}")
        options: dict[str, Any] = {"local_files_only": True}
        try:
            with LIBRARY_TURNS.loading():
                model = AutoModelForImageClassification.from_pretrained(
                    self._folder, use_safetensors=True, **options
                )
            processor = AutoImageProcessor.from_pretrained(self._folder, backend="pil", **options)
        except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise UnusableClassifier(reason) from error
        labels = set(model.config.id2label.values())
        if strangers := sorted(set(self._ratings) - labels):
            raise UnusableClassifier(
                f"it has no label {', '.join(strangers)}; those it has are {', '.join(sorted(labels))}"
            )
        self._pipeline = pipeline(
            "image-classification", model=model, image_processor=processor, device="cpu"
        )

    def look_at(self, png: bytes) -> Finding:
        """Return what a picture most likely is. `load` comes first."""
        with self._lock, PillowImage.open(io.BytesIO(png)) as picture:
            best = self._pipeline(picture.convert("RGB"), top_k=1)[0]
        label = str(best["label"])
        return Finding(label, float(best["score"]), self._ratings.get(label, Rating.SAFE))
