"""What is refused of meters, catalogues and price changes."""

from collections.abc import Sequence
from datetime import date

from billing_service.domain.errors import CurrencyUnknown, EffectiveTimeNotAhead
from billing_service.domain.refusals import (
    BillingError,
    Fault,
    FieldFault,
    InTheWay,
    Missing,
    Taken,
    told,
)
from chassis.errors import BadRequest, DomainError, FieldImmutable, FieldViolation, Kind


class PricedCurrencyUnknown(CurrencyUnknown):
    """A price is in a currency that ISO 4217 does not know; other faults are told with it."""

    def __init__(self, faults: Sequence[FieldFault], prefix: str = "") -> None:
        message, detail = told(faults, prefix)
        BillingError.__init__(self, message, detail=detail)


class MeterAlreadyExists(Taken):
    """The meter's id is taken."""

    reason = "METER_ALREADY_EXISTS"

    def __init__(self, meter: str) -> None:
        super().__init__(f"meters/{meter}", "choose another meter_id")


class MeterNotFound(Missing):
    """There is no such meter."""

    reason = "METER_NOT_FOUND"

    def __init__(self, meter: str) -> None:
        super().__init__(f"meters/{meter}")


class PricedMeterNotFound(MeterNotFound):
    """A price names a meter that there is not; other faults are told with it."""

    kind = Kind.INVALID_ARGUMENT

    def __init__(self, faults: Sequence[FieldFault], prefix: str = "") -> None:
        message, detail = told(faults, prefix)
        BillingError.__init__(self, message, detail=detail)


class InvalidMeter(Fault):
    """Nothing could be summed up by the meter as it is stated."""

    reason = "INVALID_METER"


class MeterInUse(InTheWay):
    """What a meter sums up stays as it is."""

    reason = "METER_IN_USE"

    def __init__(self, meter: str, fields: Sequence[str]) -> None:
        super().__init__(
            f"meters/{meter}",
            f"sums up as it was created, so {', '.join(fields)} must stay: create another meter",
        )


class VersionPolicyFixed(FieldImmutable):
    """A plan's version policy would change, and with it what subscriptions cost."""

    def __init__(self, field: str) -> None:
        text = "cannot be changed: create another plan"
        DomainError.__init__(
            self, f"{field} {text}.", detail=BadRequest((FieldViolation(field, text),))
        )


class CatalogTimeNotAhead(EffectiveTimeNotAhead):
    """Further versions are needed, and their time is missing or not ahead; each is told of."""

    def __init__(self, faults: Sequence[FieldFault]) -> None:
        message, detail = told(faults, "")
        BillingError.__init__(self, message, detail=detail)


class CatalogChanged(BillingError):
    """The changes would be others than those that were looked at."""

    kind = Kind.ABORTED
    reason = "CATALOG_CHANGED"

    def __init__(self, digest: str) -> None:
        super().__init__(
            f"The changes now have the digest {digest}, another than the one stated: "
            "look at them again."
        )


class NoticeTooShort(Fault):
    """A price change takes force sooner than the plan's notice allows."""

    reason = "NOTICE_TOO_SHORT"

    def __init__(self, plan: str, days: int, earliest_on: date) -> None:
        super().__init__(
            "price_change.effective_date",
            f"plans/{plan} asks for a notice of {days} days: "
            f"{earliest_on.isoformat()} is the earliest date",
        )


class PlanVersionNotFound(Missing):
    """The plan has no version of that number."""

    reason = "PLAN_VERSION_NOT_FOUND"

    def __init__(self, plan: str, version: int) -> None:
        super().__init__(f"plans/{plan}, version {version},")


class PriceChangeNotFound(Missing):
    """There is no such price change."""

    reason = "PRICE_CHANGE_NOT_FOUND"

    def __init__(self, account: str, price_change: str) -> None:
        super().__init__(f"accounts/{account}/priceChanges/{price_change}")


class PriceChangeAlreadyExists(Taken):
    """The price change's id is taken."""

    reason = "PRICE_CHANGE_ALREADY_EXISTS"

    def __init__(self, account: str, price_change: str) -> None:
        super().__init__(
            f"accounts/{account}/priceChanges/{price_change}", "choose another price_change_id"
        )


class PriceChangeNotPending(InTheWay):
    """The price change is in force, or was cancelled."""

    reason = "PRICE_CHANGE_NOT_PENDING"

    def __init__(self, account: str, price_change: str) -> None:
        super().__init__(
            f"accounts/{account}/priceChanges/{price_change}",
            "is in force or was cancelled: schedule another one that takes force later",
        )
