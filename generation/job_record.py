"""A job and its failure as JSON, for the ledger, and back again."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, get_type_hints

from pydantic import TypeAdapter

from generation import errors
from generation.errors import EngineFailure, GenerationError, ModelUnavailable
from generation.image import ImageParameters
from generation.place import Place
from generation.prompt import PromptHint
from generation.request import GenerationRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord:
    """What a job is drawn from. Source and control pictures are the request's, and kept there alone."""

    request: GenerationRequest
    place: Place
    images: tuple[ImageParameters, ...]
    hints: tuple[PromptHint, ...]
    pictures: tuple[GenerationRequest, ...] = ()
    locale: str = "en-US"
    is_private: bool = False

    def to_json(self) -> dict[str, Any]:
        """Write it down."""
        images = tuple(replace(image, source=None, control=None) for image in self.images)
        pictures = tuple(replace(picture, source=None, control=None) for picture in self.pictures)
        slim = replace(self, images=images, pictures=pictures)
        written: dict[str, Any] = _RECORD.dump_python(slim, mode="json")
        return written

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> "JobRecord":
        """Read it again.

        Raises:
            ValueError: it was written by a version that this one doesn't understand.
        """
        record = _RECORD.validate_python(dict(written))
        request = record.request
        own: dict[str, Any] = {"source": request.source, "control": request.control}
        images = tuple(replace(image, **own) for image in record.images)
        pictures = tuple(replace(picture, **own) for picture in record.pictures)
        return replace(record, images=images, pictures=pictures)


_RECORD = TypeAdapter(JobRecord)


def failure_to_json(error: GenerationError) -> dict[str, Any]:
    """Write down why a job failed: the error's name and its facts."""
    facts = {
        field.name: TypeAdapter(Any).dump_python(_fact(getattr(error, field.name)), mode="json")
        for field in dataclasses.fields(error)  # type: ignore[arg-type]  # all our errors are dataclasses
    }
    return {"kind": type(error).__name__, "facts": facts}


def failure_from_json(job_id: str, written: Mapping[str, Any] | None) -> GenerationError:
    """Read it again; what this version doesn't know becomes an `EngineFailure`."""
    kind = getattr(errors, str((written or {}).get("kind")), None)
    if written is None or not (isinstance(kind, type) and issubclass(kind, GenerationError)):
        return EngineFailure(job_id)
    try:
        if kind is ModelUnavailable:
            return ModelUnavailable(RuntimeError(written["facts"]["cause"]))
        hints = get_type_hints(kind)
        facts = {
            name: TypeAdapter(hints[name]).validate_python(value) for name, value in written["facts"].items()
        }
        error: GenerationError = kind(**facts)
    except (KeyError, TypeError, ValueError):
        return EngineFailure(job_id)
    return error


def _fact(value: object) -> object:
    return repr(value) if isinstance(value, Exception) else value
