"""Places where a crash test lets the process die: off unless the environment names one.

`POSPAGO_FAILPOINT=before_commit:17` kills the process, as `kill -9` would, when it is about to
commit for the 17th time; `after_commit:17` right after that commit, before anybody is told.
"""

import itertools
import os
import signal
from typing import Final

VARIABLE: Final = "POSPAGO_FAILPOINT"

_counters = {name: itertools.count(1) for name in ("before_commit", "after_commit")}


def failpoint(name: str) -> None:
    """Die here if the environment says so; otherwise nothing."""
    wanted = os.environ.get(VARIABLE)
    if not wanted:
        return
    place, _, count = wanted.partition(":")
    if place == name and next(_counters[name]) == int(count):
        os.kill(os.getpid(), signal.SIGKILL)
