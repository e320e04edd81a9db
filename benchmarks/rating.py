"""Rating 100,000 subscriptions against the same arithmetic, hand-written for this one case.

Each holds a base fee, seats of which three are included, and two tiered usage lines, one graduated
with an allowance and one by volume. Both sides give the same minor units, which is checked. A line
before the result tells how the cost grows from a thousand subscriptions to a million.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from operator import attrgetter
from random import Random
from typing import Final

from benchmarks.measure import Round, alternate, report
from billing_service.domain.allowance import resolve
from billing_service.domain.money import exact_arithmetic
from billing_service.domain.price import Allowance, Fixed, Licensed, Metered, Price, Recurring
from billing_service.domain.price_models import Flat, Graduated, PerUnit, Tier, Usage, Volume
from billing_service.domain.rating import rate

SUBSCRIPTIONS: Final = 100_000
GROWTH: Final = (1_000, 10_000, 100_000, 1_000_000)
SEED: Final = 20260101
BAR: Final = 0.40

_ZERO: Final = Decimal(0)
_ONE: Final = Decimal(1)
_AMOUNT: Final[Callable[[object], int]] = attrgetter("amount_minor")

# What the hand-written side knows.
_BASE, _SEAT = Decimal("99.00"), Decimal("15.00")
_CALL, _CALL_SECOND, _CALL_THIRD = Decimal("0.005"), Decimal("0.0035"), Decimal("0.002")
_CALLS_FIRST, _CALLS_SECOND = Decimal("250.00"), Decimal("775.00")
_GIGABYTE, _GIGABYTE_SECOND, _GIGABYTE_THIRD = Decimal("0.25"), Decimal("0.19"), Decimal("0.1375")

CALLS: Final = (
    Tier(Decimal(50_000), Decimal("0.005"), _ZERO),
    Tier(Decimal(200_000), Decimal("0.0035"), _ZERO),
    Tier(None, Decimal("0.002"), _ZERO),
)
STORAGE: Final = (
    Tier(Decimal(100), Decimal("0.25"), _ZERO),
    Tier(Decimal(1_000), Decimal("0.19"), _ZERO),
    Tier(None, Decimal("0.1375"), _ZERO),
)
PRICES: Final = (
    Price("base", "USD", Recurring(), Flat(Decimal("99.00"))),
    Price(
        "seats", "USD", Licensed(), PerUnit(Decimal("15.00")), included=Allowance(Fixed(Decimal(3)))
    ),
    Price(
        "calls",
        "USD",
        Metered("calls"),
        Graduated(CALLS),
        included=Allowance(Fixed(Decimal(10_000))),
    ),
    Price("storage", "USD", Metered("storage"), Volume(STORAGE)),
)


Amounts = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Held:
    """What one subscription holds and used."""

    seats: Decimal
    calls: Decimal
    storage: Decimal


def subscriptions(count: int) -> list[Held]:
    """So many subscriptions, the same ones in every run."""
    chance = Random(SEED)  # noqa: S311 - figures for a benchmark
    return [
        Held(
            seats=Decimal(chance.randrange(1, 60)),
            calls=Decimal(chance.randrange(0, 600_000)),
            storage=Decimal(chance.randrange(0, 2_500_000)).scaleb(-3),
        )
        for _ in range(count)
    ]


def rate_all(held: list[Held]) -> list[Amounts]:
    """The four amounts of each, in minor units, by the engine."""
    base, seats, calls, storage = PRICES
    free_seats, free_calls = (
        resolve(each.included, held={}) for each in (seats, calls) if each.included
    )
    one = Usage(_ONE)
    with exact_arithmetic():
        return [
            (
                _AMOUNT(rate(base, one)),
                _AMOUNT(rate(seats, Usage(each.seats), free=free_seats)),
                _AMOUNT(rate(calls, Usage(each.calls), free=free_calls)),
                _AMOUNT(rate(storage, Usage(each.storage))),
            )
            for each in held
        ]


def by_hand(held: list[Held]) -> list[Amounts]:
    """The same amounts, by what somebody would write for these four prices alone."""
    with exact_arithmetic():
        return [
            (
                _minor(_BASE),
                _minor(max(each.seats - 3, _ZERO) * _SEAT),
                _minor(_calls(max(each.calls - 10_000, _ZERO))),
                _minor(_storage(each.storage)),
            )
            for each in held
        ]


def _calls(calls: Decimal) -> Decimal:
    if calls <= 50_000:
        return calls * _CALL
    if calls <= 200_000:
        return _CALLS_FIRST + (calls - 50_000) * _CALL_SECOND
    return _CALLS_SECOND + (calls - 200_000) * _CALL_THIRD


def _storage(storage: Decimal) -> Decimal:
    if storage <= 100:
        return storage * _GIGABYTE
    if storage <= 1_000:
        return storage * _GIGABYTE_SECOND
    return storage * _GIGABYTE_THIRD


def _minor(amount: Decimal) -> int:
    return int((amount * 100).to_integral_value(ROUND_HALF_UP))


def rating() -> None:
    """Alternate both, and report; then grow."""
    held = subscriptions(SUBSCRIPTIONS)
    if rate_all(held) != by_hand(held):
        raise SystemExit("The two sides differ: the comparison means nothing.")
    growth = ", ".join(f"{count:,}: {_rate_at(count):,.0f}" for count in GROWTH)
    print(f"subscriptions/s as their number grows: {growth}")
    mine, bare = asyncio.run(alternate(_timed(rate_all, held), _timed(by_hand, held)))
    report("rating", mine, bare, unit="subscriptions/s", bar=BAR)


def _rate_at(count: int) -> float:
    print(f"rating {count:,} subscriptions", file=sys.stderr)
    held = subscriptions(count)
    start = time.perf_counter()
    rate_all(held)
    return count / (time.perf_counter() - start)


def _timed(
    work: Callable[[list[Held]], object], held: list[Held]
) -> Callable[[], Awaitable[Round]]:
    async def once() -> Round:
        start = time.perf_counter()
        work(held)
        return Round(len(held) / (time.perf_counter() - start))

    return once
