"""A job and its failure as JSON, for the ledger, and back again."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError

from generation import errors
from generation.errors import EngineFailure, GenerationError, ModelUnavailable
from generation.image import ImageParameters
from generation.place import Place
from generation.prompt import PromptHint
from generation.request import GenerationRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord:
    """What a job is drawn from. The files of pictures that it starts from are kept beside, see `sources_of`."""

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
        request = with_sources(self.request, [b""] * len(sources_of(self.request)))
        slim = replace(self, request=request, images=images, pictures=pictures)
        written: dict[str, Any] = _RECORD.dump_python(slim, mode="json")
        return written

    @classmethod
    def from_json(cls, written: Mapping[str, Any], sources: Sequence[bytes]) -> "JobRecord":
        """Read it again, with the files that it starts from; without them where they were cleaned away.

        Raises:
            UnreadableRecord: it was written by a version that this one doesn't understand.
        """
        record = _read(written)
        request = with_sources(record.request, sources)
        own: dict[str, Any] = {"source": request.source, "control": request.control}
        images = tuple(replace(image, **own) for image in record.images)
        pictures = tuple(replace(picture, **own) for picture in record.pictures)
        return replace(record, request=request, images=images, pictures=pictures)


_RECORD = TypeAdapter(JobRecord)


class UnreadableRecord(ValueError):
    """A record isn't understood. The message names the place, and not what stands there: it may be a prompt."""


def _read(written: object) -> JobRecord:
    try:
        return _RECORD.validate_python(written)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(map(str, first["loc"])) or "record"
        raise UnreadableRecord(f"{place}: {first['type']}") from None
    except GenerationError as error:
        raise UnreadableRecord(type(error).__name__) from None


def sources_of(request: GenerationRequest) -> list[bytes]:
    """The files that a request starts from: the picture drawn over, its mask, the one that steers."""
    source, control = request.source, request.control
    files = [
        source.content if source else None,
        source.mask if source else None,
        control.content if control else None,
    ]
    return [file for file in files if file is not None]


def with_sources(request: GenerationRequest, files: Sequence[bytes]) -> GenerationRequest:
    """Return `request` with these files in the place of its own; one of another number leaves it as it is."""
    if len(files) != len(sources_of(request)):
        return request
    left = list(files)
    source, control = request.source, request.control
    if source is not None:
        content = left.pop(0)
        source = replace(source, content=content, mask=None if source.mask is None else left.pop(0))
    if control is not None:
        control = replace(control, content=left.pop(0))
    return replace(request, source=source, control=control)


def failure_to_json(error: GenerationError) -> dict[str, Any]:
    """Write down why a job failed: the error's name and its facts."""
    facts = {
        field.name: TypeAdapter(Any).dump_python(_fact(getattr(error, field.name)), mode="json")
        for field in dataclasses.fields(error)  # type: ignore[arg-type]  # all our errors are dataclasses
    }
    return {"kind": type(error).__name__, "facts": facts}


def failure_from_json(job_id: str, written: Mapping[str, Any] | None) -> GenerationError:
    """Read it again; what this version doesn't know becomes an `EngineFailure`."""
    kind = getattr(errors, str(written.get("kind")), None) if isinstance(written, Mapping) else None
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
    except (AttributeError, KeyError, TypeError, ValueError):
        return EngineFailure(job_id)
    return error


def _fact(value: object) -> object:
    return repr(value) if isinstance(value, Exception) else value
