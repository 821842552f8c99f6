"""What was learned about a person's taste, and what is made of it.

::

    summary.py            opinions on words, progress, highlights
    recommend.py          the prompts a person is expected to like best
    personal_pictures.py  any subject in a person's taste, beside the plain one
    blind_test.py         personal against plain, unlabelled, counted
    comparison.py         two tastes side by side, and the mix of both
    taste_file.py         the taste as a file
    transfer.py           from a session to a taste file, and back
"""
