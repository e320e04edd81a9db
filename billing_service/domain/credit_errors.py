"""Refusals about credits, each with its published reason."""

from billing_service.domain.credit_grant import OPEN_CREDITS_MAX
from billing_service.domain.refusals import BillingError, Fault, InTheWay, Missing, Taken
from chassis.errors import Kind, QuotaFailure


class CreditNotFound(Missing):
    """There is no such credit."""

    reason = "CREDIT_NOT_FOUND"


class CreditAlreadyExists(Taken):
    """The credit's id is taken."""

    reason = "CREDIT_ALREADY_EXISTS"

    def __init__(self, name: str) -> None:
        super().__init__(name, "choose another credit_id")


class InvalidCredit(Fault):
    """A credit's times lie behind, or not one after the other."""

    reason = "INVALID_CREDIT"


class CreditNotOpen(InTheWay):
    """Nothing is left of the credit."""

    reason = "CREDIT_NOT_OPEN"

    def __init__(self, name: str, state: str) -> None:
        super().__init__(name, f"is {state}, so nothing is left to void: see its ledger")


class TooManyCredits(BillingError):
    """The payer has as many credits with something left as it may have."""

    kind = Kind.RESOURCE_EXHAUSTED
    reason = "TOO_MANY_CREDITS"

    def __init__(self, payer: str) -> None:
        told = f"{OPEN_CREDITS_MAX} credits with something left"
        super().__init__(
            f"accounts/{payer} has {told}: void some, or grant fewer and larger ones.",
            detail=QuotaFailure(f"accounts/{payer}", told),
        )
