"""Which questions tell most about a taste: the static design, and the next question.

`solve` finds the measure on prompts whose answers are worth most: `mirror` ascent brings it near the optimum
of a `criterion` of the `information`, `newton` closes the gap where slots are free of each other and
`frank_wolfe` (with a `step_size`) elsewhere, its gap certifies both, and `division` makes K policies of it.
`result` says what came out and why the solver stopped; `baseline` is what to compare it with. `question`
picks the next question: adaptively from what is known so far, which is where most of the gain comes from, or
drawn from the policies, or at random.
"""
