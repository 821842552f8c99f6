"""Palate's method: learn a taste in pictures from a few picks, and write it into prompts.

1. A vocabulary lists tokens by slot. A path of one token a slot makes a prompt (`vocabulary.vocabulary`).
2. What a token does to pictures, averaged over subjects, is its feature phi (`mdp.features`).
3. A person likes a picture by theta' phi and picks among K by a softmax of that (`preference.logit`).
4. A pick tells about theta as much as its Fisher information: the spread of the K options' features.
5. That spread, in expectation over policies, is concave in how often each token is said: mirror ascent,
   Newton on the tokens in use and Frank-Wolfe find the best measure, and Frank-Wolfe's gap, with value
   iteration as its oracle, certifies it (`design.solve`).
6. The measure is divided among K policies so that the K pictures differ (`design.division`).
7. After every answer theta is estimated anew, with its uncertainty and a prior chosen by evidence
   (`preference.estimate`), and the next question is the one that tells most given both (`design.adaptive`).
8. The best paths under theta, less a margin for what is not known yet, are the prompts (`taste.recommend`).

Source of 3 to 6: arXiv 2512.19057 (ED-PBRL). Needs torch, numpy and scipy only; nothing here draws or sees.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from personalize.design.adaptive import choose_question
    from personalize.design.criterion import DCriterion, VCriterion
    from personalize.design.result import DesignResult, DesignStatus
    from personalize.design.sampling import random_question, static_question
    from personalize.design.solve import solve_design
    from personalize.mdp.features import FeatureSpace, fit_feature_space, token_effects
    from personalize.mdp.policy import Policies
    from personalize.mdp.prompt_mdp import GroupSuccessors, PromptMDP
    from personalize.preference.comparison import Comparisons
    from personalize.preference.estimate import TasteEstimate, TastePrior, estimate_taste
    from personalize.preference.simulated_user import SimulatedUser
    from personalize.taste.recommend import recommend_paths
    from personalize.vocabulary.vocabulary import Vocabulary

__all__ = [
    "Comparisons",
    "DCriterion",
    "DesignResult",
    "DesignStatus",
    "FeatureSpace",
    "GroupSuccessors",
    "Policies",
    "PromptMDP",
    "SimulatedUser",
    "TasteEstimate",
    "TastePrior",
    "VCriterion",
    "Vocabulary",
    "choose_question",
    "estimate_taste",
    "fit_feature_space",
    "random_question",
    "recommend_paths",
    "solve_design",
    "static_question",
    "token_effects",
]

_HOMES = {
    "Comparisons": "preference.comparison",
    "DCriterion": "design.criterion",
    "DesignResult": "design.result",
    "DesignStatus": "design.result",
    "FeatureSpace": "mdp.features",
    "GroupSuccessors": "mdp.prompt_mdp",
    "Policies": "mdp.policy",
    "PromptMDP": "mdp.prompt_mdp",
    "SimulatedUser": "preference.simulated_user",
    "TasteEstimate": "preference.estimate",
    "TastePrior": "preference.estimate",
    "VCriterion": "design.criterion",
    "Vocabulary": "vocabulary.vocabulary",
    "choose_question": "design.adaptive",
    "estimate_taste": "preference.estimate",
    "fit_feature_space": "mdp.features",
    "random_question": "design.sampling",
    "recommend_paths": "taste.recommend",
    "solve_design": "design.solve",
    "static_question": "design.sampling",
    "token_effects": "mdp.features",
}
"""The module of each public name. A name is imported when it is first used, so that a door opens at once."""


def __getattr__(name: str) -> Any:
    """The public name, imported now (PEP 562).

    Raises:
        AttributeError: the package has no such name.
    """
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    """The public names, for completion."""
    return sorted(__all__)
