"""How many calls may be under way at once."""


class Admission:
    """Counts what is under way and lets in no more than `calls_max`."""

    __slots__ = ("calls_max", "under_way")

    def __init__(self, calls_max: int) -> None:
        self.calls_max = calls_max
        self.under_way = 0

    def enter(self) -> bool:
        """Take a place; False if there is none. Whoever entered must leave."""
        if self.under_way >= self.calls_max:
            return False
        self.under_way += 1
        return True

    def leave(self) -> None:
        """Give the place back."""
        self.under_way -= 1
