"""Visitors, faults and a ledger: what Palate loses when processes are killed and disks misbehave.

`python -m tests.soak --minutes 60` runs it and writes its report. A form of about a minute is a test.

::

    serve.py      the app that is soaked: everything real but the networks
    processes.py  web processes that are killed and started again
    visitors.py   visitors who write down what was acknowledged
    clock.py      the clock of a web process, set back
    faults.py     what goes wrong, and how it ends
    fuzz.py       requests that no browser sends
    hall.py       one run: all of these together, and the count
    report.py     the record and its page
"""
