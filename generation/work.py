"""Work for an engine, in the units that its time is measured by."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Work:
    """Megapixels times denoising steps, and megapixels of finished pictures to decode."""

    megapixel_steps: float = 0.0
    megapixels: float = 0.0

    def __add__(self, other: "Work") -> "Work":
        """Both."""
        return Work(self.megapixel_steps + other.megapixel_steps, self.megapixels + other.megapixels)

    def __sub__(self, other: "Work") -> "Work":
        """What remains without `other`."""
        return Work(self.megapixel_steps - other.megapixel_steps, self.megapixels - other.megapixels)
