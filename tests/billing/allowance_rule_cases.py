"""Plan versions that break one rule of allowances each, and what is told of it."""

from typing import Final

from billing_service.domain.plan_version import PlanVersion
from billing_service.domain.price import (
    Allowance,
    Anchor,
    Fixed,
    Metered,
    PartPeriod,
    Pooling,
    Price,
    Schedule,
    Unlimited,
)
from billing_service.domain.price_models import (
    Capacity,
    CapacityTier,
    Ceiling,
    Percentage,
)
from tests.billing.price_rule_cases import (
    TOO_MANY,
    D,
    base,
    calls,
    per_unit_of,
    seats,
    shared,
    storage,
    version,
)

ALLOWANCE_CASES: Final[dict[str, tuple[PlanVersion, str, str]]] = {
    "something included in a recurring price": (
        version(base(included=Allowance(Unlimited()))),
        "prices[0].included",
        "a recurring price has no quantity to include",
    ),
    "something included in a capacity": (
        version(
            Price(
                "calls",
                "BRL",
                Metered(""),
                Capacity((CapacityTier((Ceiling("calls", None),), D(5)),)),
                included=Allowance(Unlimited()),
            )
        ),
        "prices[0].included",
        "the model capacity has no quantity to include",
    ),
    "something included beside a percentage's own free events": (
        version(calls(model=Percentage(D(2), free_events=3), included=Allowance(Fixed(D(9))))),
        "prices[0].included",
        "the model percentage states its own free amount or events",
    ),
    "a negative allowance": (
        version(calls(included=Allowance(Fixed(D(-1))))),
        "prices[0].included.quantity",
        TOO_MANY,
    ),
    "an allowance of 10 decimals": (
        version(seats(), calls(included=per_unit_of("seats", "0.0000000001"))),
        "prices[1].included.per_unit_of.quantity",
        "must have at most 9 decimals",
    ),
    "an allowance per unit of nothing": (
        version(calls(included=per_unit_of("seats"))),
        "prices[0].included.per_unit_of.price",
        "seats is no price of this version",
    ),
    "an allowance per unit of what is not held": (
        version(base(), calls(included=per_unit_of("base"))),
        "prices[1].included.per_unit_of.price",
        "base is not licensed",
    ),
    "an allowance per unit of what is priced in another currency": (
        version(seats(currency="EUR"), calls(included=per_unit_of("seats"))),
        "prices[1].included.per_unit_of.price",
        "seats has no price in BRL, where calls has one",
    ),
    "an allowance per unit of what is priced in another band": (
        version(base(band=2), seats(band=1), calls(included=per_unit_of("seats"))),
        "prices[2].included.per_unit_of.price",
        "seats has no price in BRL, band 2, where calls has one",
    ),
    "an allowance from itself": (
        version(seats(included=per_unit_of("seats"))),
        "prices[0].included.per_unit_of.price",
        "seats -> seats: an allowance cannot come from itself",
    ),
    "units of their own without units": (
        version(calls(included=Allowance(Fixed(D(9)), Pooling.PER_UNIT))),
        "prices[0].included.pooling",
        "PER_UNIT is for allowances per unit of a price",
    ),
    "units of their own of what is held": (
        version(
            seats(),
            seats(code="devices", included=per_unit_of("seats", pooling=Pooling.PER_UNIT)),
        ),
        "prices[1].included.pooling",
        "PER_UNIT is for metered prices: say POOLED",
    ),
    "units of their own by what is no dimension": (
        version(
            seats(),
            calls(included=per_unit_of("seats", pooling=Pooling.PER_UNIT, dimension="region")),
        ),
        "prices[1].included.per_unit_of.dimension",
        "region is no dimension of meters/calls: it has method, seat",
    ),
    "a dimension of what all units share": (
        version(seats(), calls(included=per_unit_of("seats", dimension="seat"))),
        "prices[1].included.per_unit_of.dimension",
        "is for the pooling PER_UNIT only",
    ),
    # --- shared allowances
    "a shared allowance twice": (
        version(
            *(calls(), storage(), calls(code="a"), calls(code="b")),
            shared_allowances=(shared("calls", "storage"), shared("a", "b")),
        ),
        "shared_allowances[1].code",
        "pool is stated before: give it another code",
    ),
    "a shared allowance of an unknown price": (
        version(calls(), shared_allowances=(shared("calls", "storage"),)),
        "shared_allowances[0].prices[1]",
        "storage is no price of this version",
    ),
    "a shared allowance of what is held": (
        version(calls(), seats(), shared_allowances=(shared("calls", "seats"),)),
        "shared_allowances[0].prices[1]",
        "seats is not metered",
    ),
    "a shared allowance beside one of its own": (
        version(
            *(calls(), storage(included=Allowance(Unlimited()))),
            shared_allowances=(shared("calls", "storage"),),
        ),
        "shared_allowances[0].prices[1]",
        "storage has an allowance of its own",
    ),
    "two shared allowances of one price": (
        version(
            *(calls(), storage(), calls(code="more")),
            shared_allowances=(shared("calls", "storage"), shared("more", "calls", code="pool-2")),
        ),
        "shared_allowances[1].prices[1]",
        "calls uses pool already",
    ),
    "a shared allowance of different periods": (
        version(
            *(calls(), storage(schedule=Schedule(interval_count=3))),
            shared_allowances=(shared("calls", "storage"),),
        ),
        "shared_allowances[0].prices[1]",
        "storage has other periods than the prices before it",
    ),
    **{
        f"a shared allowance of periods with another {what}": (
            version(
                *(calls(), storage(schedule=schedule)),
                shared_allowances=(shared("calls", "storage"),),
            ),
            "shared_allowances[0].prices[1]",
            "storage has other periods than the prices before it",
        )
        for what, schedule in {
            "anchor": Schedule(anchor=Anchor.ANNIVERSARY),
            "day": Schedule(anchor_day=15),
            "first part": Schedule(first_period=PartPeriod.FULL),
        }.items()
    },
    "a shared allowance that is not pooled": (
        version(
            *(seats(), calls(), storage()),
            shared_allowances=(
                shared(
                    "calls", "storage", allowance=per_unit_of("seats", pooling=Pooling.PER_UNIT)
                ),
            ),
        ),
        "shared_allowances[0].allowance.pooling",
        "a shared allowance is pooled: say POOLED",
    ),
    "a shared allowance with a dimension": (
        version(
            *(seats(), calls(), storage()),
            shared_allowances=(
                shared("calls", "storage", allowance=per_unit_of("seats", dimension="seat")),
            ),
        ),
        "shared_allowances[0].allowance.per_unit_of.dimension",
        "is for the pooling PER_UNIT only",
    ),
    "a shared allowance per unit of nothing": (
        version(
            *(calls(), storage()),
            shared_allowances=(shared("calls", "storage", allowance=per_unit_of("seats")),),
        ),
        "shared_allowances[0].allowance.per_unit_of.price",
        "seats is no price of this version",
    ),
}
