"""Which set of quality tags a request asks for."""

from enum import Enum


class Quality(Enum):
    """A choice of the model profile's quality tags."""

    RECOMMENDED = "recommended"
    LIGHTER = "lighter"
    NONE = "none"
