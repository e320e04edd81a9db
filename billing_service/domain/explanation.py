"""Explanations: how a charge came about, in figures and in sentences.

Nothing of it is stored: it is computed again, by the functions that rated the charge.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Final, assert_never

from billing_service.domain.allowance import WHOLE, Coverage
from billing_service.domain.money import EXACT, minor_digits, price_of
from billing_service.domain.price import (
    AmountDiscount,
    Commitment,
    Counting,
    Discounts,
    Licensed,
    Metered,
    NamedDiscount,
    OnDemand,
    PercentDiscount,
    Recurring,
)
from billing_service.domain.price_models import Share
from billing_service.domain.price_models.figures import ONE, ZERO, plain
from billing_service.domain.rating import RatedPrice, bounded, discounted

# How many decimals are told of a figure that no decimal holds.
DECIMALS_TOLD: Final = 12
DECIMALS_SAID: Final = 6


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a charge came about, step by step. All figures but the last are exact.

    `minimum_charge` and `maximum_charge` are set where they decided, `discount` where there is
    one; it alone is rounded, to 12 decimals, where parts of a period leave no exact decimal.
    """

    plan: str
    plan_version: int
    price: str
    model: str
    quantity: Decimal
    included_quantity: Decimal | None
    priced_quantity: Decimal
    shares: tuple[Share, ...]
    model_amount: Decimal
    minimum_charge: Decimal | None
    maximum_charge: Decimal | None
    discount: Decimal | None
    price_index: Decimal
    coverage: Coverage
    instalments: int
    exact_amount: str
    amount_minor: int
    currency: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Stages:
    """The amount after each step, of a full period or, of usage, of the part charged."""

    modelled: Decimal
    indexed: Fraction
    bounded: Fraction
    discounted: Fraction
    exact: Fraction


def explain(
    rated: RatedPrice, *, plan: str, plan_version: int, decided_minor: int | None = None
) -> Explanation:
    """How a rated price came about; `plan` '' is one that is not stored.

    `decided_minor` is what a review left of it; None: nobody has decided.
    """
    price, shares = rated.price, rated.shares
    stages = _stages(rated, shares)
    raised, lowered = stages.bounded > stages.indexed, stages.bounded < stages.indexed
    off = stages.bounded - stages.discounted
    return Explanation(
        plan=plan,
        plan_version=plan_version,
        price=price.code,
        model=price.model.name,
        quantity=rated.usage.quantity,
        included_quantity=rated.included,
        priced_quantity=rated.priced.quantity,
        shares=shares,
        model_amount=stages.modelled,
        minimum_charge=price.minimum_charge if raised else None,
        maximum_charge=price.maximum_charge if lowered else None,
        discount=None if price.discount is None else _decimal(off),
        price_index=rated.price_index,
        coverage=rated.coverage,
        instalments=rated.instalments,
        exact_amount=_exact_text(stages.exact),
        amount_minor=rated.amount_minor,
        currency=price.currency,
        steps=(*_steps(rated, shares, stages), *_decided_steps(rated, decided_minor)),
    )


def explain_included(rated: RatedPrice, *, plan: str, plan_version: int) -> Explanation:
    """How the included part of a rated price came about: a quantity that costs nothing."""
    whole = explain(rated, plan=plan, plan_version=plan_version)
    included = rated.included or ZERO
    is_all = included == rated.usage.quantity
    told = "All of it is" if is_all else f"{plain(included)} {_be(included)}"
    return replace(
        whole,
        priced_quantity=ZERO,
        shares=(),
        model_amount=ZERO,
        minimum_charge=None,
        maximum_charge=None,
        discount=None,
        exact_amount="0",
        amount_minor=0,
        steps=(
            _quantity_step(rated),
            f"{told} included and free of charge.",
            f"It comes to {_money(0, rated.price.currency)}.",
        ),
    )


def difference_step(before_minor: int, amount_minor: int, currency: str) -> str:
    """What is said of a charge of which something was billed before."""
    due = _money(amount_minor - before_minor, currency)
    return f"{_money(before_minor, currency)} was billed before: the difference is {due}."


def _stages(rated: RatedPrice, shares: tuple[Share, ...]) -> _Stages:
    price, part = rated.price, _part_of_bounds(rated)
    exact = Fraction(rated.numerator) / rated.divisor
    with localcontext(EXACT):
        modelled = sum((share.amount for share in shares), ZERO)
        if rated.is_waived:
            nothing = Fraction(0)
            return _Stages(modelled, nothing, nothing, nothing, exact)
        indexed = modelled * rated.price_index * part.whole
        between = bounded(price, indexed, part.part)
        left = discounted(price, between, part.part)
    full = part.whole
    return _Stages(
        modelled, Fraction(indexed) / full, Fraction(between) / full, Fraction(left) / full, exact
    )


def _part_of_bounds(rated: RatedPrice) -> Coverage:
    """By which part minimum, maximum and an amount off are taken: of usage, that of the period."""
    return rated.coverage if isinstance(rated.price.kind, Metered) else WHOLE


def _steps(rated: RatedPrice, shares: tuple[Share, ...], stages: _Stages) -> Iterator[str]:
    yield _quantity_step(rated)
    if rated.is_waived:
        if not isinstance(rated.price.kind, Recurring):
            yield "A quantity of 0 costs nothing."
    else:
        yield from _included_steps(rated)
        yield from map(_share_step, shares)
        if len(shares) > 1:
            yield f"Together: {plain(stages.modelled)}."
        yield from _account_steps(rated, stages)
        yield from _bound_steps(rated, stages)
        yield from _discount_steps(rated, stages)
        yield from _part_steps(rated, stages)
        yield from _counted_steps(rated, stages)
    yield _rounding_step(rated, stages)


def _decided_steps(rated: RatedPrice, decided_minor: int | None) -> Iterator[str]:
    """What a review makes of it."""
    if decided_minor is None:
        if rated.is_held:
            yield "It is not charged before somebody has decided so."
    elif decided_minor == rated.amount_minor:
        yield "A review decided that all of it is charged."
    elif decided_minor:
        yield f"A review reduced it to {_money(decided_minor, rated.price.currency)}."
    else:
        yield "A review waived it: nothing is charged."


def _quantity_step(rated: RatedPrice) -> str:
    quantity, price = rated.usage.quantity, rated.price
    match price.kind:
        case Commitment(_, parts) if parts:
            told = (f"{plain(e.amount)} x {e.part}/{e.whole} of the {e.unit}" for e in parts)
            return f"{price.name}: {' + '.join(told)}."
        case Recurring():
            return f"{price.name}: one for each period."
        case OnDemand():
            return f"{price.name}: {plain(quantity)} {_be(quantity)} charged once."
        case Licensed():
            return f"{price.name}: {plain(quantity)} {_be(quantity)} held."
        case Metered():
            done = "was" if quantity == ONE else "were"
            return f"{price.name}: {plain(quantity)} {done} used."
        case Counting(counted):
            return f"{price.name}: {plain(quantity)} {_be(quantity)} counted ({counted})."
        case _ as unreachable:
            assert_never(unreachable)


def _included_steps(rated: RatedPrice) -> Iterator[str]:
    if rated.included is None:
        return
    if not rated.priced.quantity:
        yield "All of it is included."
    elif not rated.included:
        yield "None of it is included."
    else:
        yield (
            f"{plain(rated.included)} {_be(rated.included)} included and free of charge,"
            f" {plain(rated.priced.quantity)} {_be(rated.priced.quantity)} priced."
        )


def _share_step(share: Share) -> str:
    if share.unit_price is None:
        return f"{_capital(share.text)}: {plain(share.amount)}."
    if not share.unit_price and share.flat_fee:
        return f"{_capital(share.text)}: a fee of {plain(share.flat_fee)}."
    if not share.amount:
        return f"{_capital(share.text)}: {plain(share.quantity)} for nothing."
    fee = f" + {plain(share.flat_fee)}" if share.flat_fee else ""
    product = f"{plain(share.quantity)} x {plain(share.unit_price)}"
    return f"{_capital(share.text)}: {product}{fee} = {plain(share.amount)}."


def _account_steps(rated: RatedPrice, stages: _Stages) -> Iterator[str]:
    if rated.price_index != ONE:
        index, before = plain(rated.price_index), plain(stages.modelled)
        yield f"The account's index: {before} x {index} = {_said(stages.indexed)}."


def _bound_steps(rated: RatedPrice, stages: _Stages) -> Iterator[str]:
    price, part = rated.price, _part_of_bounds(rated)
    if stages.bounded > stages.indexed:
        least = _bound_text(price.minimum_charge, part)
        yield f"The minimum charge is {least}: it holds, being more."
    elif stages.bounded < stages.indexed:
        most = _bound_text(price.maximum_charge, part)
        yield f"The maximum charge is {most}: it holds, being less."


def _bound_text(bound: Decimal | None, part: Coverage) -> str:
    """A bound, and what it is for a part of a period."""
    whole = bound or ZERO
    if part.is_whole:
        return plain(whole)
    ratio, unit = f"{part.part}/{part.whole}", part.unit.value
    return f"{plain(whole)} x {ratio} of the {unit} = {_said(Fraction(whole) * Fraction(ratio))}"


def _discount_steps(rated: RatedPrice, stages: _Stages) -> Iterator[str]:
    discount, part = rated.price.discount, _part_of_bounds(rated)
    match discount:
        case None:
            return
        case Discounts(in_order):
            named = in_order
        case _:
            named = (NamedDiscount("", discount),)
    left = stages.bounded
    for each in named:
        before, left = left, _left_of(left, each.discount, part)
        text = _discount_text(each.discount, off=before - left, left=left)
        yield f"{each.name}: {text}" if each.name else text


def _left_of(
    amount: Fraction, discount: PercentDiscount | AmountDiscount, part: Coverage
) -> Fraction:
    """What a single discount leaves of an amount, as rating takes it off."""
    match discount:
        case PercentDiscount(percent):
            return amount * (1 - Fraction(percent) / 100)
        case AmountDiscount(off):
            return max(Fraction(0), amount - Fraction(off) * part.part / part.whole)
        case _ as unreachable:
            assert_never(unreachable)


def _discount_text(
    discount: PercentDiscount | AmountDiscount, *, off: Fraction, left: Fraction
) -> str:
    if isinstance(discount, PercentDiscount):
        return f"{plain(discount.percent)}% off, {_said(off)}, leaves {_said(left)}."
    return f"{_said(off)} off leaves {_said(left)}."


def _part_steps(rated: RatedPrice, stages: _Stages) -> Iterator[str]:
    charged, full, unit = rated.coverage
    part = stages.discounted
    if not rated.coverage.is_whole and not isinstance(rated.price.kind, Metered):
        whole, part = part, part * charged / full
        ratio = f"{charged} of {full} {unit.value}"
        yield f"For {ratio}: {_said(whole)} x {charged}/{full} = {_said(part)}."
    if rated.instalments > 1:
        count, each = rated.instalments, _said(part / rated.instalments)
        yield f"One of {count} equal parts: {_said(part)} / {count} = {each}."


def _counted_steps(rated: RatedPrice, stages: _Stages) -> Iterator[str]:
    """What was charged of a minimum spend."""
    kind = rated.price.kind
    if isinstance(kind, Commitment):
        yield f"Charged of it: {plain(kind.counted)}, which leaves {_said(stages.exact)}."


def _rounding_step(rated: RatedPrice, stages: _Stages) -> str:
    currency = rated.price.currency
    amount = _money(rated.amount_minor, currency)
    if stages.exact * 10 ** minor_digits(currency) == rated.amount_minor:
        return f"It comes to {amount}."
    return f"Rounded once, half up, it comes to {amount}."


def _money(amount_minor: int, currency: str) -> str:
    return f"{currency} {price_of(amount_minor, currency):,f}"


def _exact_text(figure: Fraction) -> str:
    """A fraction as a decimal if it is one, else as `numerator/denominator`."""
    decimal = _as_decimal(figure)
    if decimal is None:
        return f"{figure.numerator}/{figure.denominator}"
    return plain(decimal).replace(",", "")


def _as_decimal(figure: Fraction) -> Decimal | None:
    """A fraction as the decimal that it is; None if no decimal holds it."""
    rest, places = figure.denominator, 0
    for factor in (2, 5):
        powers = 0
        while rest % factor == 0:
            rest, powers = rest // factor, powers + 1
        places = max(places, powers)
    return _cut(figure, places) if rest == 1 else None


def _decimal(figure: Fraction) -> Decimal:
    """A fraction as a decimal, rounded half up where no decimal holds it."""
    exact = _as_decimal(figure)
    if exact is not None:
        return exact
    return _cut(figure + Fraction(1, 2 * 10**DECIMALS_TOLD), DECIMALS_TOLD)


def _said(figure: Fraction) -> str:
    """A fraction as people read it; `…` where more decimals follow."""
    exact = _as_decimal(figure)
    return plain(exact) if exact is not None else f"{_cut(figure, DECIMALS_SAID):,f}…"


def _cut(figure: Fraction, places: int) -> Decimal:
    return Decimal(int(figure * 10**places)).scaleb(-places, context=EXACT)


def _be(quantity: Decimal) -> str:
    return "is" if quantity == ONE else "are"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
