"""Study mode: two ways of asking compared within every person, on questions that all of them answer.

A session of a study has learning rounds of each arm in an order drawn by lot, common questions that nobody's
taste was learned from, some of those once more (does a person agree with themselves?), and the blind proof
at the end. `plan` says what is asked when, `export` writes one JSONL file that needs nothing else to be read,
`analysis` says what it shows.
"""
