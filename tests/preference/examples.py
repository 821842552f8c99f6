"""Random comparisons and simulated people."""

import torch
from torch import Tensor

from personalize.preference.comparison import Comparisons
from personalize.preference.logit import log_likelihood
from personalize.preference.simulated_user import SimulatedUser


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def random_options(seed: int, N: int, K: int = 4, d: int = 5) -> Tensor:
    return torch.randn(N, K, d, generator=seeded(seed), dtype=torch.float64)


def random_theta(seed: int, d: int = 5) -> Tensor:
    return torch.randn(d, generator=seeded(seed + 1000), dtype=torch.float64)


def asked(user: SimulatedUser, options: Tensor, seed: int, *, worst: bool = False) -> Comparisons:
    """The answers of `user` to N questions Float[N, K, d]."""
    generator = seeded(seed)
    answers = [user.answer(question, generator) for question in options]
    best = torch.tensor([answer[0] for answer in answers], dtype=torch.long)
    unmarked = torch.zeros(options.shape[:2], dtype=torch.bool)
    least = torch.tensor([answer[1] for answer in answers], dtype=torch.long)
    return Comparisons(options, best, unmarked, unmarked.scatter(1, least[:, None], worst))


def hessian_of(comparisons: Comparisons, theta: Tensor, lapse: float = 0.0) -> Tensor:
    """Float[d, d]: Hessian of the log-likelihood, by automatic differentiation."""
    at = theta.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(log_likelihood(at, comparisons, lapse), at, create_graph=True)
    rows = [torch.autograd.grad(entry, at, retain_graph=True)[0] for entry in gradient]
    return torch.stack(rows)
