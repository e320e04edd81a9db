"""The prices, allowances, limits and schedules of a catalogue file as messages of the contract."""

from google.type.decimal_pb2 import Decimal
from pospago.billing.v1 import price_pb2 as pb
from pospago.billing.v1 import proration_pb2

from pospago_cli.catalog import file as written
from pospago_cli.catalog import prices


def to_price(item: prices.Item, code: str, currency: str, *, band: int = 0) -> pb.Price:
    """The price of an item; `currency` is that of its plan, which it may differ from."""
    message = pb.Price(
        code=code,
        display_name=item.display_name,
        band=band,
        currency=item.currency or currency,
        tax_category=item.tax_category or "",
        zero_usage=_enum("ZERO_USAGE", item.zero_usage),
        included=to_allowance(item.included) if item.included else None,
        minimum_charge=_decimal(item.minimum_charge),
        maximum_charge=_decimal(item.maximum_charge),
        review=_enum("REVIEW", "held" if item.review == "hold" else item.review),
        schedule=to_schedule(item),
    )
    if item.discount is not None and item.discount.endswith("%"):
        message.discount_percent.value = item.discount.removesuffix("%")
    elif item.discount is not None:
        message.discount_amount.value = item.discount
    _put_kind(message, item)
    _put_model(message, item)
    return message


def to_proration(proration: written.Proration | None) -> proration_pb2.Proration | None:
    """How changes are charged, as far as that is stated; None where nothing is."""
    if proration is None:
        return None
    return proration_pb2.Proration(
        mode=_enum("MODE", proration.mode),
        granularity=_enum("GRANULARITY", proration.granularity),
        change_day=_enum("CHANGE_DAY", proration.change_day),
        allowances=_enum("ALLOWANCE_SWITCH", proration.allowances),
    )


def to_schedule(scheduled: prices.Scheduled) -> pb.Schedule | None:
    """What is stated of a schedule; None where nothing is."""
    interval = scheduled.interval
    message = pb.Schedule(
        timing=_enum("TIMING", scheduled.timing),
        anchor=_enum("ANCHOR", scheduled.anchor),
        anchor_day=scheduled.anchor_day,
        anchor_month=scheduled.anchor_month,
        first_period=_enum("PART_PERIOD", scheduled.first_period),
        last_period=_enum("PART_PERIOD", scheduled.last_period),
        instalments=scheduled.instalments,
    )
    if interval is not None:
        unit = pb.Schedule.INTERVAL_UNIT_YEAR if interval.years else pb.Schedule.INTERVAL_UNIT_MONTH
        message.interval_unit = unit
        message.interval_count = interval.years or interval.months or 0
    return message if message.ListFields() else None


def to_allowance(included: prices.Included) -> pb.Allowance:
    """What costs nothing."""
    message = pb.Allowance(prorated=included.prorated)
    if included.unlimited:
        message.unlimited = True
    elif included.per:
        message.per_unit_of.price = included.per
        message.per_unit_of.quantity.value = included.quantity or ""
        message.per_unit_of.dimension = included.dimension or ""
    else:
        message.quantity.value = included.quantity or ""
    if not included.pooled:
        message.pooling = pb.Allowance.POOLING_PER_UNIT
    return message


def to_limit(code: str, limit: written.Limit) -> pb.Limit:
    """How much a plan allows of something."""
    message = pb.Limit(
        code=code,
        display_name=limit.display_name,
        unit=limit.unit,
        raised_by=limit.raised_by or "",
    )
    if limit.unlimited:
        message.unlimited = True
    else:
        message.quantity.value = limit.quantity or ""
    return message


def to_minimum(minimum: written.MinimumSpend, currency: str) -> pb.MinimumSpend:
    """What a subscription comes to at least."""
    message = pb.MinimumSpend(currency=currency, prices=minimum.prices)
    message.amount.value = minimum.amount
    return message


def _put_kind(message: pb.Price, item: prices.Item) -> None:
    """Where the quantity comes from; without a source there is one for each period."""
    if item.licensed is not None:
        message.licensed.unit = item.licensed
        message.licensed.SetInParent()
    elif item.metered is not None:
        message.metered.meter = f"meters/{item.metered.meter}"
        for name, values in item.metered.filters.items():
            message.metered.filters.add(dimension=name, values=values)
    elif item.counting is not None:
        counting = item.counting
        message.counting.CopyFrom(
            pb.Counting(
                counted=counting.counted,
                trigger_labels=counting.trigger_labels,
                labelled_only=counting.labelled_only,
                own_counted=counting.own_counted,
                counting_instant=_enum("INSTANT", counting.instant),
            )
        )
    elif item.capacity is not None:
        message.metered.SetInParent()  # its tiers name its meters
    else:
        message.recurring.SetInParent()


def _put_model(message: pb.Price, item: prices.Item) -> None:
    """What a quantity costs."""
    if item.flat is not None:
        message.flat.amount.value = item.flat
    elif item.per_unit is not None:
        message.per_unit.unit_price.value = item.per_unit
    elif item.graduated is not None:
        message.graduated.CopyFrom(pb.Graduated(tiers=map(_tier, item.graduated)))
    elif item.volume is not None:
        message.volume.CopyFrom(pb.Volume(tiers=map(_tier, item.volume)))
    elif item.package is not None:
        message.package.CopyFrom(_package(item.package))
    elif item.stairstep is not None:
        message.stairstep.CopyFrom(_stairstep(item.stairstep))
    elif item.percentage is not None:
        message.percentage.CopyFrom(_percentage(item.percentage))
    elif item.graduated_percentage is not None:
        tiers = map(_percent_tier, item.graduated_percentage)
        message.graduated_percentage.CopyFrom(pb.GraduatedPercentage(tiers=tiers))
    elif item.capacity is not None:
        message.capacity.CopyFrom(pb.Capacity(tiers=map(_capacity, item.capacity)))


def _tier(tier: prices.Tier) -> pb.Tier:
    return pb.Tier(
        up_to=_decimal(tier.up_to),
        unit_price=_decimal(tier.unit_price),
        flat_fee=_decimal(tier.flat_fee),
    )


def _package(package: prices.Package) -> pb.Package:
    return pb.Package(
        size=_decimal(package.size),
        package_price=_decimal(package.package_price),
        rounding=_enum("ROUNDING", package.rounding),
        packages_min=package.packages_min,
    )


def _stairstep(stairstep: prices.Stairstep) -> pb.Stairstep:
    steps = [
        pb.Stairstep.Step(up_to=_decimal(step.up_to), amount=_decimal(step.amount))
        for step in stairstep.steps
    ]
    return pb.Stairstep(steps=steps, mode=_enum("MODE", stairstep.mode))


def _percentage(percentage: prices.Percentage) -> pb.Percentage:
    return pb.Percentage(
        percent=_decimal(percentage.percent),
        fixed_fee=_decimal(percentage.fixed_fee),
        free_amount=_decimal(percentage.free_amount),
        free_events=percentage.free_events,
        event_minimum=_decimal(percentage.event_minimum),
        event_maximum=_decimal(percentage.event_maximum),
    )


def _percent_tier(tier: prices.PercentTier) -> pb.GraduatedPercentage.Tier:
    return pb.GraduatedPercentage.Tier(
        up_to=_decimal(tier.up_to),
        percent=_decimal(tier.percent),
        flat_fee=_decimal(tier.flat_fee),
    )


def _capacity(tier: prices.CapacityTier) -> pb.Capacity.Tier:
    ceilings = [
        pb.Capacity.Ceiling(meter=f"meters/{meter}", up_to=_decimal(ceiling.quantity))
        for meter, ceiling in tier.ceilings.items()
    ]
    return pb.Capacity.Tier(ceilings=ceilings, amount=_decimal(tier.amount))


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(value=text)


def _enum(prefix: str, word: str | None) -> str | None:
    """The name of an enum value; None, which the contract reads as its default, for nothing."""
    return f"{prefix}_{word.upper()}" if word else None
