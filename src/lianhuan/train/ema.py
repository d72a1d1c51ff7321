"""Exponential moving average of weights."""

import torch
from torch import nn


class EMA:
    """Average of a module's trained weights; early steps count more, so that a short run is not held at its start."""

    def __init__(self, module: nn.Module, decay: float):
        self.decay = decay
        self.updates = 0
        self.shadow = {name: p.detach().clone() for name, p in module.named_parameters() if p.requires_grad}

    @torch.no_grad()
    def update(self, module: nn.Module) -> None:
        """Move the average towards the present weights by 1 - decay."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        present = dict(module.named_parameters())
        names = list(self.shadow)
        torch._foreach_lerp_([self.shadow[n] for n in names], [present[n].detach() for n in names], 1 - decay)

    @torch.no_grad()
    def copy_to(self, module: nn.Module) -> None:
        """Put the average into the module."""
        present = dict(module.named_parameters())
        for name, value in self.shadow.items():
            present[name].copy_(value)
