"""Whether the Hub has a model, asked without downloading it. Importing this imports no torch."""

from huggingface_hub import get_hf_file_metadata, hf_hub_url
from huggingface_hub.errors import EntryNotFoundError, RepositoryNotFoundError, RevisionNotFoundError

from generation.model_errors import ModelNotFound, WrongModelKind, first_line
from generation.model_source import ModelSource

TIMEOUT_S = 10


class HubUnreachable(Exception):
    """The Hub doesn't answer, so nobody knows whether it has the model. The message says how that showed."""


def require_on_hub(source: ModelSource, endpoint: str | None = None) -> None:
    """Ask the Hub, or who stands at `endpoint` for it, for the file that a model in diffusers' layout begins with.

    Raises:
        ModelNotFound: the Hub has no such model or revision, or gives it only to accounts that accepted its terms.
        WrongModelKind: the repository is no model in diffusers' layout.
        HubUnreachable: there is no answer.
    """
    url = hf_hub_url(source.source, "model_index.json", revision=source.revision, endpoint=endpoint)
    try:
        get_hf_file_metadata(url, timeout=TIMEOUT_S, endpoint=endpoint)
    except RevisionNotFoundError as error:
        raise ModelNotFound(source.source, f"the Hub has no revision {source.revision} of it") from error
    except RepositoryNotFoundError as error:  # gated ones too
        raise ModelNotFound(
            source.source, "the Hub has no such model, or gives it to accounts that it knows only"
        ) from error
    except EntryNotFoundError as error:
        raise WrongModelKind(source.source, "the Hub's repository isn't in diffusers' layout") from error
    except Exception as error:
        # Whatever HTTP client the library uses raises its own errors.
        raise HubUnreachable(first_line(error)) from error
