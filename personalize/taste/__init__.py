"""The learned taste of a person, and its uses.

::

    summary.py            opinions on tokens, progress, highlights
    readiness.py          when a taste is ready, and how many answers are left until then
    recommend.py          the prompts with the highest expected utility
    personal_pictures.py  pictures of any subject in a taste, each beside a plain picture
    drawing_speed.py      how many pictures are drawn for each of them
    blind_test.py         unlabelled choices between personal and plain pictures
    comparison.py         the comparison and the mixture of two tastes
    taste_file.py         the format of a taste file
    transfer.py           the conversion of a session to a taste file, and back
"""
