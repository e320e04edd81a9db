"""What breaks a transaction in a way that the writer knows a remedy for."""

from collections.abc import Sequence

from chassis.timers import Timer


class ScopeGrewError(Exception):
    """What a command touches grew while its locks were taken: run again."""


class TimersFailedError(Exception):
    """Timers of these accounts broke the transaction; each must be run, or parked, by itself.

    `at_once` are such that a command of the same batch had set.
    """

    def __init__(self, timers: Sequence[Timer], *, at_once: bool) -> None:
        super().__init__(", ".join(f"{each.account}: {each.kind} {each.key}" for each in timers))
        self.timers = tuple(timers)
        self.at_once = at_once
