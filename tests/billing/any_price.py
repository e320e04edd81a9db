"""Prices of every kind and model, as hypothesis draws them: in form, if not always in order."""

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from billing_service.domain import price_models as models
from billing_service.domain.plan import Plan, PlanVersion, VersionPolicy
from billing_service.domain.price import (
    AddOn,
    Allowance,
    AmountDiscount,
    Anchor,
    Counting,
    CountingInstant,
    DimensionFilter,
    Fixed,
    IntervalUnit,
    Licensed,
    Limit,
    Metered,
    MinimumSpend,
    PartPeriod,
    PercentDiscount,
    PerUnitOf,
    Pooling,
    Price,
    Recurring,
    Review,
    Schedule,
    SharedAllowance,
    Timing,
    Unlimited,
    ZeroUsage,
)
from billing_service.domain.proration import (
    AllowanceSwitch,
    ChangeDay,
    Granularity,
    Proration,
    ProrationMode,
)

CODES = st.from_regex(r"[a-z0-9][a-z0-9-]{0,39}", fullmatch=True)
WORDS = st.text(max_size=12)
DECIMALS = st.decimals(0, 10**12, places=12).map(lambda each: each.normalize()) | st.decimals(
    0, 10**6, places=2
)
MAYBE = st.none() | DECIMALS
WHOLE = st.integers(0, 10**12)


def _several(each: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(each, min_size=1, max_size=3).map(tuple)


TIERS = _several(st.builds(models.Tier, MAYBE, DECIMALS, DECIMALS))
MODELS: st.SearchStrategy[models.PriceModel] = st.one_of(
    st.builds(models.Flat, DECIMALS),
    st.builds(models.PerUnit, DECIMALS),
    st.builds(models.Graduated, TIERS),
    st.builds(models.Volume, TIERS),
    st.builds(models.Package, DECIMALS, DECIMALS, st.sampled_from(models.PackageRounding), WHOLE),
    st.builds(
        models.Stairstep,
        _several(st.builds(models.Step, MAYBE, DECIMALS)),
        st.sampled_from(models.StairstepMode),
    ),
    st.builds(models.Percentage, DECIMALS, DECIMALS, DECIMALS, WHOLE, DECIMALS, MAYBE),
    st.builds(models.GraduatedPercentage, _several(st.builds(models.PercentTier, MAYBE, DECIMALS))),
    st.builds(
        models.Capacity,
        _several(
            st.builds(
                models.CapacityTier, _several(st.builds(models.Ceiling, CODES, MAYBE)), DECIMALS
            )
        ),
    ),
)
SCHEDULES = st.builds(
    Schedule,
    interval_unit=st.sampled_from(IntervalUnit),
    interval_count=st.integers(1, 120),
    timing=st.sampled_from(Timing),
    anchor=st.sampled_from(Anchor),
    anchor_day=st.integers(1, 31),
    anchor_month=st.integers(1, 12),
    first_period=st.sampled_from(PartPeriod),
    last_period=st.sampled_from(PartPeriod),
    instalments=st.integers(1, 12),
)
FILTERS = st.dictionaries(CODES, st.frozensets(WORDS, min_size=1, max_size=2), max_size=2).map(
    lambda each: tuple(DimensionFilter(*filtered) for filtered in sorted(each.items()))
)
KINDS = st.one_of(
    st.just(Recurring()),
    st.builds(Licensed, WORDS),
    st.builds(Metered, CODES | st.just(""), FILTERS),
    st.builds(
        Counting,
        CODES,
        st.frozensets(CODES, max_size=3),
        st.booleans(),
        st.booleans(),
        st.sampled_from(CountingInstant),
    ),
)
ALLOWANCES = st.builds(
    Allowance,
    st.builds(Fixed, DECIMALS)
    | st.builds(PerUnitOf, CODES, DECIMALS, CODES | st.just(""))
    | st.just(Unlimited()),
    st.sampled_from(Pooling),
    st.booleans(),
)
PRICES = st.builds(
    Price,
    code=CODES,
    currency=st.sampled_from(("BRL", "JPY", "KWD")),
    kind=KINDS,
    model=MODELS,
    display_name=WORDS,
    band=st.integers(0, 1000),
    tax_category=CODES | st.just(""),
    schedule=st.none() | SCHEDULES,
    add_on=st.none() | st.builds(AddOn, WHOLE, CODES | st.just("")),
    zero_usage=st.sampled_from(ZeroUsage),
    included=st.none() | ALLOWANCES,
    minimum_charge=MAYBE,
    maximum_charge=MAYBE,
    discount=st.none() | st.builds(PercentDiscount, DECIMALS) | st.builds(AmountDiscount, DECIMALS),
    review=st.sampled_from(Review),
)
SHARED = st.builds(SharedAllowance, CODES, ALLOWANCES, _several(CODES))
LIMITS = st.builds(
    Limit, CODES, WORDS, st.builds(Fixed, DECIMALS) | st.just(Unlimited()), WORDS, CODES
)
MINIMUMS = st.builds(
    MinimumSpend, st.sampled_from(("BRL", "JPY", "KWD")), DECIMALS, _several(CODES) | st.just(())
)
VERSIONS = st.builds(
    PlanVersion,
    version=st.just(1),
    effective_at=st.none(),
    prices=_several(PRICES),
    schedule=SCHEDULES,
    shared_allowances=_several(SHARED) | st.just(()),
    limits=_several(LIMITS) | st.just(()),
    minimum_spends=_several(MINIMUMS) | st.just(()),
)
PLANS = st.builds(
    Plan,
    plan_id=st.just("any"),
    display_name=WORDS,
    policy=st.sampled_from(VersionPolicy),
    versions=VERSIONS.map(lambda each: (each,)),
    tax_category=CODES | st.just(""),
    price_change_notice_days=st.integers(0, 730),
    proration=st.builds(
        Proration,
        mode=st.sampled_from(ProrationMode),
        granularity=st.sampled_from(Granularity),
        change_day=st.sampled_from(ChangeDay),
        allowances=st.sampled_from(AllowanceSwitch),
    ),
)


def digits_of(value: Any) -> Any:
    """A value with each decimal as its digits and exponent, so that 1.0 differs from 1."""
    match value:
        case Decimal():
            return value.as_tuple()
        case tuple():
            return tuple(digits_of(each) for each in value)
    names = getattr(value, "__dataclass_fields__", ())
    return (type(value), *(digits_of(getattr(value, each)) for each in names)) if names else value
