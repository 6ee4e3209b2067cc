"""The fonts of this machine that we letter with, and which letters each has. No text is drawn here.

Looked for in the folders where systems keep fonts, and wherever fontconfig knows some: Google's Noto first (Debian:
fonts-noto-core, fonts-noto-cjk, fonts-noto-color-emoji; SIL Open Font License 1.1), then what Windows and macOS bring,
then DejaVu (its own free licence, of Bitstream Vera). Where nothing is found, Pillow's built-in Aileron (CC0) is left,
which has Latin letters only.
"""

import logging
import os
import shutil
import subprocess  # asks fontconfig, with fixed arguments
import sys
from collections.abc import Iterable, Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import cast

from fontTools.ttLib import TTFont, TTLibError
from PIL import ImageFont

log = logging.getLogger(__name__)

Face = ImageFont.FreeTypeFont

PREFERRED = (
    "NotoSans-Bold.*",
    "NotoSansCJK-Bold.*",
    "NotoSansCJKjp-Bold.*",
    "NotoSansJP-Bold.*",
    "NotoSans[A-Z]*-Bold.*",
    "NotoSans[A-Z]*-Regular.*",
    "NotoSerif[A-Z]*-Bold.*",
    "NotoSerif[A-Z]*-Regular.*",
    # Windows
    "segoeuib.ttf",
    "YuGothB.ttc",
    "meiryob.ttc",
    "malgunbd.ttf",
    "msyhbd.ttc",
    "LeelaUIb.ttf",
    "NirmalaB.ttf",
    "Nirmala.ttc",
    "seguisym.ttf",
    # macOS
    "ヒラギノ角ゴシック W6.ttc",
    "AppleSDGothicNeo.ttc",
    "GeezaPro.ttc",
    "Thonburi.ttc",
    "Arial Unicode.ttf",
    "DejaVuSans-Bold.*",
    "DejaVuSans.*",
)
"""Patterns of file names; of what a letter could be drawn with, the earliest is taken."""

EMOJI = ("NotoColorEmoji.ttf", "Noto-COLRv1.ttf", "seguiemj.ttf", "Apple Color Emoji.ttc")

NOT_FOR_NAMES = ("Mono", "Display", "UI-", "Unjoined", "LastResort")
"""Parts of names of fonts that would only shadow better ones."""

STRIKES_PX = (109, 160, 136, 96, 64)
"""Heights at which fonts of bitmaps may be opened, such as Noto's (109) and Apple's (160); others take any."""

FONTCONFIG_TIMEOUT_S = 10


class FontFile:
    """A font on the disk; opened when first needed, since a system has hundreds."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._faces: dict[int, Face] = {}

    @cached_property
    def letters(self) -> frozenset[int]:
        """The code points that it has glyphs for; none if it can't be read."""
        try:
            with TTFont(self.path, fontNumber=0, lazy=True) as font:
                return frozenset(font.getBestCmap() or ())
        except (TTLibError, OSError, AssertionError) as error:
            log.warning("The font %s can't be read: %s", self.path, error)
            return frozenset()

    def face(self, size_px: int) -> Face:
        """Open it at a size.

        Raises:
            OSError: it has no such size.
        """
        if size_px not in self._faces:
            self._faces[size_px] = ImageFont.truetype(self.path, size_px)
        return self._faces[size_px]

    @cached_property
    def strike_px(self) -> int:
        """A size at which it can surely be opened, for fonts of colour bitmaps.

        Raises:
            OSError: at none of those that we know.
        """
        for size_px in STRIKES_PX:
            try:
                self.face(size_px)
            except OSError:
                continue
            return size_px
        raise OSError(f"{self.path} can be opened at no size that we know")


class Fonts:
    """Those that were found, the best first. `emoji` draws in colour, and is None where there is no such font."""

    def __init__(self, text: Iterable[FontFile], emoji: FontFile | None) -> None:
        self.text = tuple(text)
        self.emoji = emoji

    def font_for(self, letters: Iterable[int]) -> FontFile | None:
        """The first that has all of these code points."""
        wanted = set(letters)
        return next((font for font in self.text if wanted <= font.letters), None)

    def first_face(self, size_px: int) -> Face:
        """What is lettered with where nothing else is needed."""
        if self.text:
            return self.text[0].face(size_px)
        return cast("Face", ImageFont.load_default(size_px))  # Pillow's wheels all have FreeType


@cache
def system_fonts() -> Fonts:
    """Look once for the fonts of this machine."""
    return fonts_in(_folders())


def fonts_in(folders: Iterable[Path]) -> Fonts:
    """Find the fonts in these folders and below them."""
    files = sorted({file for folder in folders for file in _files_below(folder)})
    fonts = [FontFile(file) for file in files]
    chosen: list[FontFile] = []
    for pattern in PREFERRED:
        chosen += [font for font in fonts if font.path.match(pattern) and _is_for_names(font.path)]
    unique = {font.path.name: font for font in reversed(chosen)}
    ordered = sorted(unique.values(), key=chosen.index)
    emoji = next((font for name in EMOJI for font in fonts if font.path.name == name), None)
    log.debug("%d fonts to letter with; emoji: %s", len(ordered), emoji and emoji.path)
    if not ordered:
        log.warning("No font of Noto or DejaVu was found; only Latin letters will be drawn")
    return Fonts(ordered, emoji)


def _is_for_names(path: Path) -> bool:
    return not any(part in path.stem for part in NOT_FOR_NAMES)


def _files_below(folder: Path) -> Iterator[Path]:
    # Not rglob: it stops at a folder that can't be read.
    for parent, _, names in os.walk(folder):
        for name in names:
            if name.lower().endswith((".ttf", ".otf", ".ttc")):
                yield Path(parent) / name


def _folders() -> set[Path]:
    if sys.platform == "win32":
        return {Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / "Fonts"}
    if sys.platform == "darwin":
        return {Path("/System/Library/Fonts"), Path("/Library/Fonts"), Path.home() / "Library/Fonts"}
    usual = [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".local/share/fonts"]
    return {*usual, *_known_to_fontconfig()}


def _known_to_fontconfig() -> set[Path]:
    """Folders with fonts elsewhere, as on systems that keep them by package."""
    program = shutil.which("fc-list")
    if program is None:
        return set()
    try:
        listed = subprocess.run(  # noqa: S603 - fixed arguments
            [program, "--format", "%{file}\n"],
            capture_output=True,
            check=True,
            timeout=FONTCONFIG_TIMEOUT_S,
            text=True,
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        log.warning("fontconfig can't be asked: %s", error)
        return set()
    return {Path(line).parent for line in listed.splitlines() if line}
