"""Commitments: what a subscription comes to at least in a period, and what is missing to it.

Units:   a minimum spend is an exact decimal for a full period of the plan's schedule; what counts
         is in minor units, as it was charged.
Source:  docs/decisions/0028-commitments.md
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import groupby
from typing import Final, NamedTuple

from billing_service.domain.allowance import WHOLE, Coverage
from billing_service.domain.money import EXACT, price_of, round_ratio
from billing_service.domain.plan import Plan
from billing_service.domain.plan_version import PlanVersion
from billing_service.domain.price import (
    COMMITMENT,
    Commitment,
    CommittedPart,
    MinimumSpend,
    Price,
    Recurring,
    Timing,
)
from billing_service.domain.price_models import Flat, Usage
from billing_service.domain.price_models.figures import ONE, ZERO
from billing_service.domain.rating import RatedPrice

# What a line calls what is missing.
_NAME: Final = "Minimum spend, remainder"


class Minimum(NamedTuple):
    """A minimum spend of a full period, and the part of one for which it holds."""

    amount: Decimal
    coverage: Coverage


@dataclass(frozen=True, slots=True)
class Spent:
    """What was charged under a code of a version, and the day that says for which period."""

    minimum: MinimumSpend | None
    code: str
    charged_on: date
    amount_minor: int


def is_committed(plans: Iterable[Plan]) -> bool:
    """Whether any version of some plans has a minimum spend."""
    return any(version.minimum_spends for plan in plans for version in plan.versions)


def commitment_plan(plan: Plan) -> Plan:
    """The plan with the minimum spend as the only price of each version, in arrears.

    Its prices only say for which periods the commitment is, and in which part of them it holds:
    each is in the bands and currencies of the plan's own, so that the same versions apply.
    """
    return replace(plan, versions=tuple(map(_bare, plan.versions)))


def missing(minimums: Sequence[Minimum], counted_minor: int, currency: str) -> RatedPrice:
    """What is missing to the minimum spends of a period, less what counts: 0 where nothing is.

    Several that are equal, each for a part, are one; of others the sum is rounded, once.
    """
    counted = price_of(counted_minor, currency)
    joined = list(_joined(minimums))
    parts: tuple[CommittedPart, ...] = ()
    if len(joined) == 1:
        amount, coverage = joined[0]
    else:
        amount, coverage = price_of(_sum_minor(joined, currency), currency), WHOLE
        parts = tuple(
            CommittedPart(e.amount, *e.coverage[:2], e.coverage.unit.value) for e in joined
        )
    price = Price(COMMITMENT, currency, Commitment(counted, parts), Flat(amount), _NAME)
    return rate_commitment(price, coverage)


def rate_commitment(price: Price, coverage: Coverage) -> RatedPrice:
    """What a price for what is missing comes to: its part of a period less what counts, or 0.

    Unlike other prices, what is taken off is that of the part itself.
    """
    if not isinstance(price.kind, Commitment) or not isinstance(price.model, Flat):
        raise TypeError(f"{price.code} is no commitment")
    with localcontext(EXACT):
        least = price.model.amount * coverage.part
        numerator = max(ZERO, least - price.kind.counted * coverage.whole)
        amount_minor = round_ratio(numerator, coverage.whole, price.currency)
    return RatedPrice(
        price=price,
        usage=Usage(ONE),
        included=None,
        coverage=coverage,
        instalments=1,
        price_index=ONE,
        numerator=numerator,
        divisor=coverage.whole,
        amount_minor=amount_minor,
    )


def counted_minor(spent: Iterable[Spent], *, start_on: date, end_on: date) -> int:
    """What counts of what was charged, in a period `[start_on, end_on)`."""
    return sum(
        each.amount_minor
        for each in spent
        if each.minimum is not None
        and each.minimum.counts(each.code)
        and start_on <= each.charged_on < end_on
    )


def _bare(version: PlanVersion) -> PlanVersion:
    basic = [each for each in version.prices if each.add_on is None]
    whole = {each.currency for each in basic if not each.band}
    places = dict.fromkeys(
        (0 if each.currency in whole else each.band, each.currency) for each in basic
    )
    nothing = Flat(ZERO)
    return replace(
        version,
        prices=tuple(
            Price(COMMITMENT, currency, Recurring(), nothing, band=band)
            for band, currency in places
        ),
        schedule=replace(version.schedule, timing=Timing.ARREARS, instalments=1),
        shared_allowances=(),
    )


def _joined(minimums: Iterable[Minimum]) -> Iterator[Minimum]:
    """Equal minimum spends one after the other as one, where their parts are in the same unit."""
    for (amount, whole, unit), same in groupby(
        minimums, key=lambda e: (e.amount, e.coverage.whole, e.coverage.unit)
    ):
        part = sum(each.coverage.part for each in same)
        yield Minimum(amount, Coverage(part, whole, unit))


def _sum_minor(minimums: Iterable[Minimum], currency: str) -> int:
    whole = sum(
        (Fraction(each.amount) * each.coverage.part / each.coverage.whole for each in minimums),
        Fraction(0),
    )
    with localcontext(EXACT):
        return round_ratio(Decimal(whole.numerator), whole.denominator, currency)
