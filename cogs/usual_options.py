"""A person's usual options: what holds where a command leaves something open."""

from dataclasses import dataclass
from typing import Any

from generation.aspect_ratio import AspectRatio
from generation.quality import Quality


@dataclass(frozen=True, slots=True, kw_only=True)
class UsualOptions:
    """What a person has settled with `/defaults`; the fields are what the bot does of itself."""

    aspect: AspectRatio = AspectRatio.PORTRAIT
    quality: Quality = Quality.RECOMMENDED
    negative: str = ""
    count: int = 1
    is_private: bool = False

    @classmethod
    def from_json(cls, written: dict[str, Any]) -> "UsualOptions":
        """Read what was stored; what this version doesn't understand is left out."""
        usual = cls()
        try:
            return cls(
                aspect=AspectRatio.parse(str(written.get("aspect", usual.aspect.value))),
                quality=Quality(written.get("quality", usual.quality.value)),
                negative=str(written.get("negative", "")),
                count=int(written.get("count", 1)),
                is_private=bool(written.get("private", False)),
            )
        except (AttributeError, OverflowError, TypeError, ValueError):
            return usual

    def to_json(self) -> dict[str, Any]:
        """Write it down."""
        return {
            "aspect": self.aspect.value,
            "quality": self.quality.value,
            "negative": self.negative,
            "count": self.count,
            "private": self.is_private,
        }
