"""The UNet's layers on timestep and size, taken sample by sample, so that rounding doesn't depend on the company.

They are products of matrices with as many rows as the call has, and on a CPU a product of two rows is added up in
another order than one of eight. All larger layers have rows enough to be added up alike. On a GPU these products
would cost more in single calls than they are worth, and there larger layers differ too.
"""

from collections.abc import Callable, Sequence

import torch
from torch import nn


class ConditioningRows:
    """Knows which rows of the next call belong together; wraps the layers of `networks` that have to know.

    Set `per_sample` before each call of the UNet and its ControlNet: how many rows each sample has, padding last.
    """

    def __init__(self, *networks: nn.Module) -> None:
        self.per_sample: Sequence[int] = ()
        for name, module in (named for network in networks for named in network.named_modules()):
            if isinstance(module, nn.Linear) and ("time_emb" in name or "add_embedding" in name):
                module.forward = self._sample_by_sample(module.forward)  # type: ignore[method-assign]

    def _sample_by_sample(self, forward: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
        def split(rows: torch.Tensor) -> torch.Tensor:
            if len(self.per_sample) < 2 or rows.shape[0] != sum(self.per_sample):
                return forward(rows)
            return torch.cat([forward(part) for part in torch.split(rows, list(self.per_sample))])

        return split
