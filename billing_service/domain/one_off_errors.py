"""What is refused of one-off charges."""

from billing_service.domain.refusals import BillingError, Faults, InTheWay, Missing, Taken
from chassis.errors import Kind, QuotaFailure


class OneOffChargeNotFound(Missing):
    """There is no such one-off charge."""

    reason = "ONE_OFF_CHARGE_NOT_FOUND"


class OneOffChargeAlreadyExists(Taken):
    """The one-off charge's id is taken."""

    reason = "ONE_OFF_CHARGE_ALREADY_EXISTS"

    def __init__(self, account: str, charge: str) -> None:
        super().__init__(
            f"accounts/{account}/oneOffCharges/{charge}", "choose another one_off_charge_id"
        )


class InvalidOneOffCharge(Faults):
    """A figure, the date or the price of a one-off charge is not possible."""

    reason = "INVALID_ONE_OFF_CHARGE"


class OneOffChargeNotPending(InTheWay):
    """A one-off charge was cancelled before."""

    reason = "ONE_OFF_CHARGE_NOT_PENDING"

    def __init__(self, name: str, done: str) -> None:
        super().__init__(name, f"{done}: it stays as it is")


class TooManyOneOffCharges(BillingError):
    """An account has as many one-off charges on no invoice as it may have."""

    kind = Kind.RESOURCE_EXHAUSTED
    reason = "TOO_MANY_ONE_OFF_CHARGES"

    def __init__(self, account: str, most: int) -> None:
        super().__init__(
            f"accounts/{account} has {most:,} one-off charges that are on no invoice yet:"
            " wait for the next invoice, cancel some, or charge several things as one.",
            detail=QuotaFailure(f"accounts/{account}", f"{most} pending one-off charges"),
        )
