"""What is missing to the minimum spends of a subscription that is only asked about.

Source:  docs/decisions/0028-commitments.md
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from billing_service.domain.allowance import Coverage
from billing_service.domain.commitment import Minimum, Spent, counted_minor, missing
from billing_service.domain.estimated_charges import Asked, EstimatedLine, PlacedCharge
from billing_service.domain.item_lines import Item, lines_of
from billing_service.domain.periods import ServicePeriod, charged_on, invoice_month, period_from
from billing_service.domain.plan_timeline import PlanTimeline
from billing_service.domain.plan_version import PlanVersion
from billing_service.domain.price import MinimumSpend, Timing
from billing_service.domain.rating import RatedPrice


def commitment_charges(
    timeline: PlanTimeline, asked: Asked, charges: Iterable[PlacedCharge]
) -> Iterator[PlacedCharge]:
    """What is missing in the periods that end in the months asked for, beside other charges."""
    if not any(version.minimum_spends for version in timeline.versions):
        return
    currency = timeline.priced.currency
    least_of = {each.version: each.minimum_spend(currency) for each in timeline.versions}
    spent = [_spent(each, least_of) for each in charges if each.lines and not each.is_held]
    for version, period in _periods(timeline, asked):
        least = least_of[version.version]
        if least is None or invoice_month(period, Timing.ARREARS) > asked.last_month:
            continue
        counted = counted_minor(spent, start_on=period.start_on, end_on=period.end_on)
        coverage = Coverage(period.days_charged, period.days_full)
        rated = missing([Minimum(least.amount, coverage)], counted, currency)
        if rated.amount_minor:
            yield _placed(timeline, version, period, rated)


def _spent(charge: PlacedCharge, least_of: dict[int, MinimumSpend | None]) -> Spent:
    first = charge.lines[0]
    return Spent(
        minimum=least_of[first.line.plan_version],
        code=first.rated.price.code,
        charged_on=charge.charged_on,
        amount_minor=sum(each.line.amount_minor for each in charge.lines),
    )


def _periods(timeline: PlanTimeline, asked: Asked) -> Iterator[tuple[PlanVersion, ServicePeriod]]:
    """The periods of the plan's schedule, each by the version of its first day."""
    day, ends_on = asked.begins_on, asked.ends_on
    while day <= asked.through_on and (ends_on is None or day < ends_on):
        version = timeline.version_on(day)
        schedule = replace(version.schedule, timing=Timing.ARREARS, instalments=1)
        period = period_from(schedule, day, anchor_on=asked.begins_on, ends_on=ends_on)
        yield version, period
        day = period.end_on


def _placed(
    timeline: PlanTimeline, version: PlanVersion, period: ServicePeriod, rated: RatedPrice
) -> PlacedCharge:
    plan, band = timeline.priced.plan, timeline.priced.band
    item = Item(
        plan=plan.plan_id,
        plan_name=plan.display_name,
        plan_version=version.version,
        band=band,
        tax_category=plan.tax_category,
        unit="",
        period_start_on=period.start_on,
        period_end_on=period.end_on,
    )
    return PlacedCharge(
        month=invoice_month(period, Timing.ARREARS),
        order=(len(version.prices), period.start_on),
        lines=tuple(EstimatedLine(line, rated) for line in lines_of(rated, item)),
        is_held=False,
        charged_on=charged_on(period, Timing.ARREARS),
    )
