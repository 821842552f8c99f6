"""Small tabular MDPs, walks in them, and people who compare K walks step by step: the paper's first setting.

An episode is K walks from the same start; after every step but the first, where all walks are in the start,
the person says which of the K states is the best. Walks follow policies, actions Long[H, S].
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from personalize.design.criterion import Criterion, VCriterion
from personalize.design.exchange import exchange
from personalize.design.frank_wolfe import Mixture, Outcome, Vanilla, frank_wolfe
from personalize.design.information import SurrogateObjective
from personalize.design.result import SolverStep
from personalize.design.step_size import ExactLineSearch, OpenLoop
from personalize.mdp.tabular_mdp import PolicyOracle, TabularMDP
from personalize.preference.estimate import TasteEstimate, TastePrior, covariance_root, estimate_taste
from personalize.preference.logit import choice_probabilities
from personalize.preference.picks import Picks
from personalize.preference.simulated_user import SimulatedUser, calibrate

STRAYS = 3
"""Other states that a step may lead to by chance."""

POOL = 48
"""Policies that an adaptive question is made of: half of the design, half at random."""

IMAGINED = 4
"""Walks of each policy that its worth is the mean of, where steps are random."""

EXAM = 300


def random_mdp(size: int, actions: int, horizon: int, dimension: int, noise: float, seed: int) -> TabularMDP:
    """Every action leads to a state of its own, or with probability `noise` to one of STRAYS others.

    Features have a falling spectrum, as those of pictures do; the walk begins in state 0.
    """
    generator = torch.Generator().manual_seed(seed)
    spectrum = torch.arange(1, dimension + 1, dtype=torch.float64).rsqrt()
    features = torch.randn(size, dimension, generator=generator, dtype=torch.float64) * spectrum
    start = torch.zeros(size, dtype=torch.float64)
    start[0] = 1.0
    pairs = torch.cartesian_prod(torch.arange(size), torch.arange(actions))
    ways = 1 + STRAYS
    keys = torch.rand(len(pairs), size - 1, generator=generator)
    successors = 1 + keys.argsort(dim=1)[:, :ways]  # distinct; the start is never come back to
    chances = torch.full((ways,), noise / STRAYS, dtype=torch.float64)
    chances[0] = 1.0 - noise
    each = pairs.repeat_interleave(ways, dim=0)
    return TabularMDP(
        features,
        start,
        horizon,
        actions,
        each[:, 0],
        each[:, 1],
        successors.flatten(),
        chances.repeat(len(pairs)),
    )


def random_policies(mdp: TabularMDP, count: int, generator: torch.Generator) -> Tensor:
    """Long[count, H, S]: an action at random for every step and state."""
    return torch.randint(mdp.actions, (count, mdp.horizon, mdp.size), generator=generator)


def walks(mdp: TabularMDP, policies: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Long[N, H], the states that one walk of each of N policies visits, and Long[N, H - 1], the transitions.

    Transitions are rows of the MDP's columns.
    """
    state = torch.multinomial(mdp.start.expand(len(policies), -1), 1, generator=generator)[:, 0]
    visited, taken = [state], []
    for step in range(mdp.horizon - 1):
        action = policies[torch.arange(len(policies)), step, state]
        fits = (mdp.state[None] == state[:, None]) & (mdp.action[None] == action[:, None])
        row = torch.multinomial(fits * mdp.probability[None], 1, generator=generator)[:, 0]
        taken.append(row)
        state = mdp.successor[row]
        visited.append(state)
    return torch.stack(visited, dim=1), torch.stack(taken, dim=1)


@dataclass(frozen=True, eq=False)
class World:
    """An MDP, the questions everybody is examined on, and what a design for it is about.

    Attributes:
        mdp: as it is.
        options: K.
        episodes: T, that designs are planned for.
        exam: Float[EXAM, K, d].
        prior: of tastes, over the features of states.
    """

    mdp: TabularMDP
    options: int
    episodes: int
    exam: Tensor
    prior: TastePrior

    @classmethod
    def of(cls, mdp: TabularMDP, options: int, episodes: int, seed: int) -> "World":
        """With an exam about states at random."""
        generator = torch.Generator().manual_seed(seed)
        rows = 1 + torch.randint(mdp.size - 1, (EXAM, options), generator=generator)
        prior = TastePrior(torch.cov(mdp.features[1:].T), gammas=(0.0, 0.5, 1.0))
        return cls(mdp, options, episodes, mdp.features[rows], prior)

    @classmethod
    def numbered(cls, settings: Mapping[str, Any], number: int, noise: float = 0.0) -> "World":
        """The n-th of an experiment, of the sizes in its settings; `noise` of the steps go astray."""
        seed = 1000 * settings["seed"] + number
        mdp = random_mdp(
            settings["states"], settings["actions"], settings["horizon"], settings["dimension"], noise, seed
        )
        return cls.of(mdp, settings["options"], settings["at"][-1], seed)

    def person(self, oracle: float, generator: torch.Generator) -> SimulatedUser:
        """Whose taste points anywhere, as decided as `oracle` says."""
        theta = torch.randn(self.mdp.features.shape[1], generator=generator, dtype=torch.float64)
        return SimulatedUser(calibrate(theta, self.exam, oracle))

    def objective(self, regularisation: float, criterion: Criterion | None = None) -> SurrogateObjective:
        """The surrogate information's V-criterion, V the covariance of what differs between states."""
        chosen = criterion or VCriterion(self.prior.contrast)
        return SurrogateObjective(self.mdp.features, chosen, float(self.episodes), regularisation)

    def ridge(self, regularisation: float) -> TastePrior:
        """The prior of the paper: every direction alike, of precision `regularisation`."""
        scale = (float(self.prior.covariance.trace()) / regularisation) ** 0.5
        return TastePrior(self.prior.covariance, gammas=(0.0,), scales=(scale,))


def design(
    world: World,
    believed: TabularMDP,
    regularisation: float,
    steps: int,
    paper: bool,
    callback: Callable[[SolverStep], None] | None = None,
    relative_gap: float = 1e-4,
) -> Outcome:
    """A mixture of policies by Frank-Wolfe in the MDP as it is believed to be.

    Args:
        world: whose objective.
        believed: planned with.
        regularisation: lambda.
        steps: most iterations.
        paper: open-loop steps toward the new policy, as stated; else pairwise with an exact line search.
        callback: told about every step.
        relative_gap: at which to stop.
    """
    start = torch.zeros(1, believed.horizon, believed.size, dtype=torch.long)
    return frank_wolfe(
        PolicyOracle(believed),
        world.objective(regularisation),
        Mixture(start, torch.ones(1, dtype=torch.float64)),
        direction=Vanilla() if paper else None,
        step_size=OpenLoop() if paper else ExactLineSearch(),
        relative_gap=relative_gap,
        iterations=steps,
        callback=callback,
    )


def independent(mixture: Mixture, count: int, generator: torch.Generator) -> Tensor:
    """Long[count, H, S]: policies drawn independently, as K copies of one mixture are run."""
    return mixture.vertices[torch.multinomial(mixture.weights, count, replacement=True, generator=generator)]


def adaptive_policies(
    world: World,
    believed: TabularMDP,
    mixture: Mixture,
    estimate: TasteEstimate,
    generator: torch.Generator,
    imagined: int = IMAGINED,
) -> Tensor:
    r"""Long[K, H, S]: the policies whose walks are expected to tell most, given the answers so far.

    .. math:: \log\det\big(I + C^{1/2} \sum_h M_h C^{1/2}\big), \quad
        M_h = \sum_k p_k (\phi_k - \bar\phi)(\phi_k - \bar\phi)^\top

    as for one question (`choose_question`), with the sum over the steps of imagined walks.
    """
    drawn = independent(mixture, POOL // 2, generator)
    pool = torch.cat((drawn, random_policies(believed, POOL - len(drawn), generator)))
    seen = torch.stack([walks(believed, pool, generator)[0][:, 1:] for _ in range(imagined)])
    x = believed.features[seen]
    return pool[most_telling(x, estimate, world.options, generator)]


def most_telling(x: Tensor, estimate: TasteEstimate, options: int, generator: torch.Generator) -> Tensor:
    r"""Long[K], of P walks with features Float[R, P, h, d] in R imagined ways: the set that tells most.

    One answer a step, so the information is summed over the h steps; greedy growth, then exchange.
    """
    R, P, _, d = x.shape
    utility, x = estimate.utility(x), x @ covariance_root(estimate.covariance)
    identity = torch.eye(d, dtype=x.dtype)

    def gains(chosen: list[int]) -> Tensor:
        members = torch.tensor(chosen, dtype=torch.long)
        taken = x[:, members][:, None].expand(-1, P, -1, -1, -1)
        both = torch.cat((taken, x[:, :, None]), dim=2)  # Float[R, P, k, h, d]
        u = torch.cat((utility[:, members][:, None].expand(-1, P, -1, -1), utility[:, :, None]), dim=2)
        p = u.softmax(dim=2)[..., None]
        rows = ((both - (p * both).sum(dim=2, keepdim=True)) * p.sqrt()).movedim(1, 0).flatten(1, 3)
        worth: Tensor = torch.linalg.slogdet(identity + rows.mT @ rows / R).logabsdet
        return worth.index_fill(0, members, -torch.inf)

    return exchange(gains, options, int(torch.randint(P, (1,), generator=generator)))


@dataclass(frozen=True, eq=False)
class Told:
    """The answers of one person: options Float[N, K, d] and the picked Long[N]."""

    options: Tensor
    picked: Tensor

    def estimate(self, prior: TastePrior, lapse: float = 0.0) -> TasteEstimate:
        """The taste that they tell."""
        offered = torch.ones(self.options.shape[:2], dtype=torch.bool)
        return estimate_taste(Picks(self.options, self.picked, offered, len(self.picked)), prior, lapse=lapse)

    def and_episode(self, person: SimulatedUser, states: Tensor, generator: torch.Generator) -> "Told":
        """With the answers on walks Float[K, H, d] added, one a step but the first."""
        shown = states[:, 1:].transpose(0, 1)
        picked = torch.multinomial(person.probabilities(shown), 1, generator=generator)[:, 0]
        return Told(torch.cat((self.options, shown)), torch.cat((self.picked, picked)))


def nothing_told(world: World) -> Told:
    """No answers yet."""
    d = world.mdp.features.shape[1]
    none = torch.empty(0, world.options, d, dtype=torch.float64)
    return Told(none, torch.empty(0, dtype=torch.long))


def scored(person: SimulatedUser, estimate: TasteEstimate, exam: Tensor) -> tuple[float, float]:
    """Cosine error 1 - cos(theta-hat, theta*), and the expected share of exam picks foreseen."""
    norms = float(estimate.theta.norm() * person.theta.norm())
    cosine = float(estimate.theta @ person.theta) / norms if norms > 0.0 else 0.0
    guess = estimate.utility(exam).argmax(dim=1, keepdim=True)
    right = choice_probabilities(person.theta, exam).gather(1, guess).mean()
    return 1.0 - cosine, float(right)
