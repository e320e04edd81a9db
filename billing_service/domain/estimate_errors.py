"""What is refused of estimates."""

from collections.abc import Sequence

from billing_service.domain.errors import CurrencyUnknown
from billing_service.domain.refusals import Fault, Faults


class InvalidQuantities(Faults):
    """What is held or used does not go with the prices, or more is asked for than there can be."""

    reason = "INVALID_QUANTITIES"


class CurrencyNeeded(CurrencyUnknown):
    """The plan is priced in several currencies, and nothing says which one is meant."""

    def __init__(self, currencies: Sequence[str]) -> None:
        Fault.__init__(self, "currency", f"is needed: the plan has {', '.join(currencies)}")
