"""A loss written out by hand, against PyTorch's own."""

from __future__ import annotations

from .building import SEED
from .machine import AUTO, device_of

CLASSES, HEIGHT, WIDTH = 3, 11, 13


def weighted_cross_entropy(sign: int, weighted: bool, device: str = AUTO) -> tuple[float, float]:
    """Equation 1 of the U-Net (Ronneberger 2015, section 3) by hand, and PyTorch's loss, on one random labelled map.

    By hand: ``sign`` times the sum over the pixels x of w(x) log(p_l(x)(x)), p the softmax over the channels at that
    pixel and l(x) its label; the weights w left out unless ``weighted``. PyTorch: the sum of w(x) times
    ``torch.nn.functional.cross_entropy``. The two agree only with the minus sign, which the paper does not print, and
    with the weights. Raises DeviceError for the meta device, which has no values.
    """
    where = device_of(device, computes=True)
    import torch
    from torch.nn import functional

    generator = torch.Generator().manual_seed(SEED)  # the CPU's: the same map on every device
    scores = torch.randn((1, CLASSES, HEIGHT, WIDTH), generator=generator, dtype=torch.float64).to(where)
    labels = torch.randint(CLASSES, (1, HEIGHT, WIDTH), generator=generator).to(where)
    weights = 0.5 + 10 * torch.rand((1, HEIGHT, WIDTH), generator=generator, dtype=torch.float64).to(where)
    exponentials = scores.exp()
    softmax = exponentials / exponentials.sum(dim=1, keepdim=True)
    of_label = softmax.gather(1, labels[:, None])[:, 0]
    by_hand = sign * ((weights if weighted else 1) * of_label.log()).sum()
    theirs = (weights * functional.cross_entropy(scores, labels, reduction="none")).sum()
    return float(by_hand.item()), float(theirs.item())
