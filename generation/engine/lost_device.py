"""Errors of a lost device: how they are known, and how no error keeps the memory that the next try wants."""

import traceback


def forget_stack(error: BaseException | None) -> None:
    """Forget by which calls an error came: it may be kept for long, and they hold the model's memory."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error.__traceback__ = None
        error = error.__cause__ or error.__context__


def is_lost_device(error: Exception) -> bool:
    """Whether it is the driver's word that the device can't be used any more."""
    import torch  # noqa: PLC0415 - takes seconds

    return isinstance(error, torch.AcceleratorError)
