"""The LoRAs that members may ask for: the files of the operator's folder, and what the operator says of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from generation.errors import UnknownLora
from generation.rating import Rating

SUFFIX = ".safetensors"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoraEntry:
    """What the operator says of a LoRA: how it is called, the tags that set it off, its usual weight and rating."""

    title: str = ""
    triggers: tuple[str, ...] = ()
    weight: float = 1.0
    rating: Rating = Rating.SAFE


class LoraCatalogue:
    """Looks LoRAs up. `folder` is None where there are none; files that nobody described have the usual values."""

    def __init__(self, folder: Path | None, entries: Mapping[str, LoraEntry]) -> None:
        self._folder = folder
        self._entries = entries

    def names(self) -> list[str]:
        """All that can be asked for: the files' names without their suffix."""
        if self._folder is None or not self._folder.is_dir():
            return []
        return sorted(
            path.stem for path in self._folder.iterdir() if path.suffix == SUFFIX and path.is_file()
        )

    def find(self, name: str) -> str:
        """Return the name of the LoRA that is called `name`, by its file or by its title, in any case.

        Raises:
            UnknownLora: there is none.
        """
        names = self.names()
        wanted = name.casefold()
        for known in names:
            if wanted in (known.casefold(), self.entry(known).title.casefold()):
                return known
        raise UnknownLora(name, tuple(names))

    def entry(self, name: str) -> LoraEntry:
        """What is known of a LoRA."""
        return self._entries.get(name, LoraEntry())

    def triggers_of(self, name: str) -> tuple[str, ...]:
        """The tags that set it off."""
        return self.entry(name).triggers

    def weight_of(self, name: str) -> float:
        """Its usual weight."""
        return self.entry(name).weight
