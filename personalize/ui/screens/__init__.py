"""The screens of the page, one file each: its HTML and the updates that show it.

::

    start.py       the first screen, and a taste brought along in a file
    unlearned.py   the question before a subject that small models have not learned
    rounds.py      the question of a round, and the rounds before it
    taste.py       what was learned: the taste screen, and the panel beside a round
    pictures.py    personal pictures beside plain ones
    blind_test.py  personal against plain pictures, unlabelled
    friends.py     a friend's taste beside one's own, and pictures in both

    show.py        shows the screen that a browser's state names
    context.py     what every screen works with
    html.py        HTML that all screens share; templates are in ../templates
    labels.py      the texts that change with the language only
    bars.py        bars and intervals of utilities
    card.py        the taste card as a picture
"""
