"""Prices: what one item of a plan costs, for which periods, and when it is charged.

Units:   amounts and unit prices are exact decimals in the price's currency, with up to 12 decimals;
         quantities are exact decimals in the unit of the item, with up to 9.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Final, TypeAlias

from billing_service.domain.price_models import PriceModel

MONTHS_A_YEAR: Final = 12
# The item that charges what is missing to a minimum spend: no price of a plan has its code.
COMMITMENT: Final = "commitment"


class IntervalUnit(Enum):
    """The unit of an interval."""

    MONTH = "month"
    YEAR = "year"


class Timing(Enum):
    """On which side of its period a charge is invoiced."""

    ADVANCE = "advance"
    ARREARS = "arrears"


class Anchor(Enum):
    """Where periods begin."""

    CALENDAR = "calendar"
    ANNIVERSARY = "anniversary"


class PartPeriod(Enum):
    """What a period costs of which the subscription covers a part."""

    FULL = "full"
    PRORATED = "prorated"
    FREE = "free"


class ZeroUsage(Enum):
    """What happens when the quantity is 0."""

    SHOWN = "shown"
    OMITTED = "omitted"
    CHARGED = "charged"


class Review(Enum):
    """Whether a charge waits for somebody's decision."""

    NONE = "none"
    HELD = "held"


class Pooling(Enum):
    """Whose an allowance is that comes per unit of another price."""

    POOLED = "pooled"
    PER_UNIT = "per_unit"


class CountingInstant(Enum):
    """When things are counted."""

    PERIOD_END = "period_end"
    PERIOD_START = "period_start"


@dataclass(frozen=True, slots=True)
class Schedule:
    """For which periods a price is charged, and when. Nothing is left to a default here.

    `instalments` divides `months`: each part of a period is charged, and rounded, by itself.
    """

    interval_unit: IntervalUnit = IntervalUnit.MONTH
    interval_count: int = 1
    timing: Timing = Timing.ADVANCE
    anchor: Anchor = Anchor.CALENDAR
    anchor_day: int = 1
    anchor_month: int = 1
    first_period: PartPeriod = PartPeriod.PRORATED
    last_period: PartPeriod = PartPeriod.PRORATED
    instalments: int = 1

    @property
    def months(self) -> int:
        """How many months a full period has."""
        years = self.interval_unit is IntervalUnit.YEAR
        return self.interval_count * (MONTHS_A_YEAR if years else 1)

    @property
    def months_charged(self) -> int:
        """How many months one charge is for: those of a period, or of one of its instalments."""
        return self.months // self.instalments


@dataclass(frozen=True, slots=True)
class Recurring:
    """A price whose quantity is always 1."""


@dataclass(frozen=True, slots=True)
class CommittedPart:
    """A minimum spend of a full period, and for which part of one it holds, in some unit."""

    amount: Decimal
    part: int
    whole: int
    unit: str


@dataclass(frozen=True, slots=True)
class Commitment(Recurring):
    """A price for what is missing to a minimum spend. No catalogue states it.

    `counted` is what was charged for the period. `parts` are there if the period had several
    minimum spends: the price is what they come to.
    """

    counted: Decimal
    parts: tuple[CommittedPart, ...] = ()


@dataclass(frozen=True, slots=True)
class Licensed:
    """A price for what a subscription holds."""

    unit: str = ""


@dataclass(frozen=True, slots=True)
class OnDemand(Licensed):
    """A price for what is charged once. No catalogue states it."""


@dataclass(frozen=True, slots=True)
class DimensionFilter:
    """Lets usage through whose dimension has one of the values."""

    dimension: str
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class Metered:
    """A price for what was used. `meter` is empty with the model capacity only.

    It prices the part of the meter's usage that passes all of `filters`.
    """

    meter: str
    filters: tuple[DimensionFilter, ...] = ()


@dataclass(frozen=True, slots=True)
class Counting:
    """A price for how many things of a kind an account has.

    It applies once something of the account carries a trigger label; without any, always.
    """

    counted: str
    trigger_labels: frozenset[str] = frozenset()
    labelled_only: bool = False
    own_counted: bool = False
    instant: CountingInstant = CountingInstant.PERIOD_END


PriceKind: TypeAlias = Recurring | Licensed | Metered | Counting


@dataclass(frozen=True, slots=True)
class AddOn:
    """What makes a price optional. `quantity_max` 0: any. `exclusive_group` '': none bars it."""

    quantity_max: int = 0
    exclusive_group: str = ""


@dataclass(frozen=True, slots=True)
class Fixed:
    """So much for each full period."""

    quantity: Decimal


@dataclass(frozen=True, slots=True)
class PerUnitOf:
    """So much for each unit of another price; the meter's `dimension` names whose usage it is."""

    price: str
    quantity: Decimal
    dimension: str = ""


@dataclass(frozen=True, slots=True)
class Unlimited:
    """Without limit."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """A quantity that costs nothing."""

    size: Fixed | PerUnitOf | Unlimited
    pooling: Pooling = Pooling.POOLED
    prorated: bool = False


@dataclass(frozen=True, slots=True)
class SharedAllowance:
    """An allowance that several metered prices use up together, in the order of `prices`."""

    code: str
    allowance: Allowance
    prices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Limit:
    """How much of something a plan allows, at no price. `raised_by` '': no price raises it."""

    code: str
    display_name: str
    size: Fixed | Unlimited
    unit: str = ""
    raised_by: str = ""


@dataclass(frozen=True, slots=True)
class MinimumSpend:
    """What a subscription comes to at least in a full period; `prices` empty: all of them count."""

    currency: str
    amount: Decimal
    prices: tuple[str, ...] = ()

    def counts(self, code: str) -> bool:
        """Whether what a price charges counts toward it."""
        return not self.prices or code in self.prices


@dataclass(frozen=True, slots=True)
class PercentDiscount:
    """So many percent off."""

    percent: Decimal


@dataclass(frozen=True, slots=True)
class AmountDiscount:
    """So much off a full period."""

    amount: Decimal


@dataclass(frozen=True, slots=True)
class NamedDiscount:
    """A discount, and what it is called ('': it is the price's own)."""

    name: str
    discount: PercentDiscount | AmountDiscount


@dataclass(frozen=True, slots=True)
class Discounts:
    """Several, each on what those before it leave. They are agreed: no catalogue states them."""

    in_order: tuple[NamedDiscount, ...]


Discount: TypeAlias = PercentDiscount | AmountDiscount | Discounts


@dataclass(frozen=True, slots=True)
class Price:
    """What one item costs. `band` 0: in every band; `schedule` None: that of the plan version."""

    code: str
    currency: str
    kind: PriceKind
    model: PriceModel
    display_name: str = ""
    band: int = 0
    tax_category: str = ""
    schedule: Schedule | None = None
    add_on: AddOn | None = None
    zero_usage: ZeroUsage = ZeroUsage.SHOWN
    included: Allowance | None = None
    minimum_charge: Decimal | None = None
    maximum_charge: Decimal | None = None
    discount: Discount | None = None
    review: Review = Review.NONE

    @property
    def name(self) -> str:
        """What an invoice calls it."""
        return self.display_name or self.code

    @property
    def key(self) -> tuple[str, int, str]:
        """What tells it from other prices of a plan version."""
        return (self.code, self.band, self.currency)


def applying(prices: tuple[Price, ...], *, band: int, currency: str) -> Iterator[Price]:
    """The prices of a plan version that hold in a band and currency, in their order."""
    return (each for each in prices if each.currency == currency and each.band in (0, band))
