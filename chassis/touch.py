"""A use case that does nothing itself: carrying it out does what is due on its account."""

from typing import Any, Final

from chassis.use_case import Effects, Scope, UseCase


class NoFacts:
    """Facts of a use case that needs none."""

    def absorb(self, effects: Effects[Any]) -> None:
        """Nothing to take in."""


TOUCH: Final[UseCase[str, Any, None]] = UseCase(
    name="touch",
    scope=lambda account: Scope(accounts=(account,), advancing=True),
    gather=lambda _tx, _accounts: NoFacts(),
    decide=lambda _facts, _account, _now_at: Effects(None),
    apply=lambda _tx, _effects: None,
)
