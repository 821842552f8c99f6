"""What can be said, and how often: vocabularies, prompt MDPs, their linear oracle, and policies.

A prompt is a path through the slots of a vocabulary, one token a slot (`vocabulary`). What tokens do to
pictures is their feature (`features`). `prompt_mdp` joins both with the rules on what may follow what;
`tabular_mdp` is the general case with random transitions. `value_iteration` finds the path of most reward,
`soft_value_iteration` the measure that is exponential in one, `decomposition` writes a measure as few paths,
and `policy` holds mixtures of paths and their visitation measures.

Letters: K options (policies), H horizon = slots, S tokens, d feature dimension, N rows.
"""
