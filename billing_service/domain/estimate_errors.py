"""What is refused of estimates."""

from collections.abc import Sequence

from billing_service.domain.catalog_errors import PlanVersionNotFound
from billing_service.domain.errors import CurrencyUnknown, PriceNotFound
from billing_service.domain.refusals import Fault, Faults, InTheWay, Missing


class InvalidQuantities(Faults):
    """What is held or used does not go with the prices, or more is asked for than there can be."""

    reason = "INVALID_QUANTITIES"


class CurrencyNeeded(CurrencyUnknown):
    """The plan is priced in several currencies, and nothing says which one is meant."""

    def __init__(self, currencies: Sequence[str]) -> None:
        Fault.__init__(self, "currency", f"is needed: the plan has {', '.join(currencies)}")


class InlinePriceNotFound(PriceNotFound):
    """The plan of the request has no price in the band and currency."""

    def __init__(self, wanted: str, priced: str) -> None:
        text = f"has no price {wanted}, but {priced}: use one of these, or state that price"
        InTheWay.__init__(self, "inline_plan", text)


class InlineVersionNotFound(PlanVersionNotFound):
    """The plan of the request has one version, and another one is asked for."""

    def __init__(self) -> None:
        Missing.__init__(self, "A plan_version of an inline_plan other than 1")
