"""Estimates: the invoices that a subscription would have, month by month, from what rates charges.

Source:  docs/decisions/0014-estimates-by-invoice-month.md
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from billing_service.domain.calendar import next_month
from billing_service.domain.estimate_errors import InvalidQuantities
from billing_service.domain.estimated_charges import (
    Asked,
    EstimatedCharges,
    EstimatedLine,
    PlacedCharge,
)
from billing_service.domain.estimated_commitments import commitment_charges
from billing_service.domain.plan_timeline import PlanTimeline, PricedPlan, is_by_whole_months
from billing_service.domain.price_models import Fault
from billing_service.domain.quantity_rules import PricedIn, check_quantities
from billing_service.domain.tax import Taxation, Taxes, tax

__all__ = ["Asked", "Estimate", "EstimatedInvoice", "EstimatedLine", "estimate"]

# More lines than one message holds.
LINES_MAX: Final = 20_000


@dataclass(frozen=True, slots=True)
class EstimatedInvoice:
    """The invoice of a month; `held_lines` wait for a decision and are in no total."""

    month: date
    lines: tuple[EstimatedLine, ...]
    held_lines: tuple[EstimatedLine, ...]
    taxes: Taxes


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a subscription would cost."""

    currency: str
    invoices: tuple[EstimatedInvoice, ...]

    @property
    def total_minor(self) -> int:
        """What the invoices come to."""
        return sum(invoice.taxes.total_minor for invoice in self.invoices)


def estimate(
    priced: PricedPlan, asked: Asked, *, units: Mapping[str, str], taxation: Taxation | None
) -> Estimate:
    """What a plan would cost; `units` says what each meter counts in.

    Errors:  InvalidQuantities, PlanVersionNotFound, PriceNotFound, TaxRateNotFound.
    """
    misplaced = []
    if asked.ends_on is not None and asked.ends_on <= asked.begins_on:
        misplaced.append(Fault("end_date", "must lie after start_date"))
        asked = replace(asked, ends_on=None)
    asked, timeline = _timeline(priced, asked)
    check_quantities(
        asked.quantities,
        PricedIn(timeline.versions, band=priced.band, currency=priced.currency),
        misplaced,
    )
    charges = _checked(EstimatedCharges(priced, asked, timeline, units).charges())
    charges += commitment_charges(timeline, asked, charges)
    by_month: dict[date, list[PlacedCharge]] = defaultdict(list)
    for placed in charges:
        by_month[placed.month].append(placed)
    return Estimate(
        priced.currency,
        tuple(
            _invoice(month, by_month[month], taxation, priced.zone)
            for month in asked.invoice_months
        ),
    )


def _checked(charges: Iterator[PlacedCharge]) -> list[PlacedCharge]:
    """The charges, if they have no more lines than one message holds."""
    found: list[PlacedCharge] = []
    count = 0
    for placed in charges:
        found.append(placed)
        count += len(placed.lines)
        if count > LINES_MAX:
            text = f"make more than {LINES_MAX:,} lines: ask for fewer months, or price by price"
            raise InvalidQuantities([Fault("months", text)])
    return found


def _timeline(priced: PricedPlan, asked: Asked) -> tuple[Asked, PlanTimeline]:
    """The versions that price what is asked for: by whole months, where the plan is charged so.

    An instance's months are priced from their first day on, whenever in one it was subscribed.
    """
    if not is_by_whole_months(priced, asked.begins_on):
        own = PlanTimeline(priced, begins_on=asked.begins_on, through_on=asked.through_on)
        return asked, own
    whole = asked.by_whole_months
    by_months = PlanTimeline(
        priced, begins_on=whole.begins_on, through_on=whole.through_on, held_on=asked.begins_on
    )
    return whole, by_months


def _invoice(
    month: date, charges: Sequence[PlacedCharge], taxation: Taxation | None, zone: str
) -> EstimatedInvoice:
    """The invoice of a month, issued when it has ended."""
    in_order = sorted(charges, key=lambda each: each.order)
    lines = _numbered(each for each in in_order if not each.is_held)
    taxes = tax([each.line for each in lines], taxation, issued_on=next_month(month), zone=zone)
    return EstimatedInvoice(
        month, lines, _numbered(each for each in in_order if each.is_held), taxes
    )


def _numbered(charges: Iterator[PlacedCharge]) -> tuple[EstimatedLine, ...]:
    lines = (line for charge in charges for line in charge.lines)
    return tuple(
        replace(each, line=each.line._replace(line_number=number))
        for number, each in enumerate(lines, start=1)
    )
