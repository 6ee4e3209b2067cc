"""The nine resolutions that Animagine XL 4.0 was made for, by name, ratio and pixels."""

import math
from enum import Enum
from typing import Self


class AspectRatio(Enum):
    """A shape of picture; its value is the name that people and the command line write.

    The pixels are the table of the model card ("Orientation Dimensions Aspect Ratio"): each has about
    1024 x 1024 pixels and sides divisible by 64, as SDXL was trained. Other sizes are not offered,
    because the card warns that they degrade.
    """

    SQUARE = "square", 1024, 1024, "1:1"
    LANDSCAPE_MILD = "landscape-mild", 1152, 896, "9:7"
    LANDSCAPE = "landscape", 1216, 832, "3:2"
    LANDSCAPE_WIDE = "landscape-wide", 1344, 768, "7:4"
    LANDSCAPE_ULTRAWIDE = "landscape-ultrawide", 1536, 640, "12:5"
    PORTRAIT_MILD = "portrait-mild", 896, 1152, "7:9"
    PORTRAIT = "portrait", 832, 1216, "2:3"
    PORTRAIT_TALL = "portrait-tall", 768, 1344, "4:7"
    PORTRAIT_ULTRATALL = "portrait-ultratall", 640, 1536, "5:12"

    width: int
    height: int
    ratio: str

    def __new__(cls, name: str, width: int, height: int, ratio: str) -> Self:
        """Make the member whose value is `name`; width and height are in pixels."""
        member = object.__new__(cls)
        member._value_ = name
        member.width = width
        member.height = height
        member.ratio = ratio
        return member

    @property
    def label(self) -> str:
        """Name, ratio and pixels for a list of choices, such as "Portrait 2:3 (832 x 1216)"."""
        words = self.value.replace("-", " ").capitalize()
        return f"{words} {self.ratio} ({self.width} x {self.height})"

    @property
    def megapixels(self) -> float:
        """The picture's area in millions of pixels, the base of what a drawing costs."""
        return self.width * self.height / 1e6

    @classmethod
    def nearest(cls, width: int, height: int) -> Self:
        """Find the member whose shape is most like that of a picture of this width and height."""
        return min(cls, key=lambda member: abs(math.log(member.width * height / (member.height * width))))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Find the member that `text` means: a name ("portrait"), a ratio ("2:3") or pixels ("832x1216").

        Raises:
            ValueError: none of the nine is meant.
        """
        wanted = text.strip().lower().replace(" ", "").replace("_", "-")
        for member in cls:
            if wanted in (member.value, member.ratio, f"{member.width}x{member.height}"):
                return member
        raise ValueError(text)
