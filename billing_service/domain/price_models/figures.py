"""The figures of a price: which amounts, quantities and percentages may stand in one."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from billing_service.domain.price_models.usage import Fault

ZERO: Final = Decimal(0)
ONE: Final = Decimal(1)
PERCENT: Final = Decimal("0.01")

# With these bounds a quantity times a price, less a discount, has fewer than 80 digits.
AMOUNT_MAX: Final = Decimal(10**12)
AMOUNT_DECIMALS_MAX: Final = 12
QUANTITY_MAX: Final = Decimal(10**15)
QUANTITY_DECIMALS_MAX: Final = 9
PERCENT_MAX: Final = Decimal(100)
PERCENT_DECIMALS_MAX: Final = 12


def decimals_of(figure: Decimal) -> int:
    """How many decimals a finite figure has, without the zeros at its end."""
    _, _, decimals = f"{figure:f}".partition(".")
    return len(decimals.rstrip("0"))


def plain(figure: Decimal) -> str:
    """A figure as people write it: thousands apart, no exponent, no zeros at the end."""
    text = f"{figure:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def amount_faults(path: str, amount: Decimal | None) -> Iterator[Fault]:
    """What is wrong with an amount or a unit price. None, for one that is not set, is fine."""
    yield from _faults(path, amount, most=AMOUNT_MAX, decimals_max=AMOUNT_DECIMALS_MAX)


def percent_faults(path: str, percent: Decimal) -> Iterator[Fault]:
    """What is wrong with a part in percent."""
    yield from _faults(path, percent, most=PERCENT_MAX, decimals_max=PERCENT_DECIMALS_MAX)


def quantity_faults(path: str, quantity: Decimal | None) -> Iterator[Fault]:
    """What is wrong with a quantity. None, for one that is not set, is fine."""
    yield from _faults(path, quantity, most=QUANTITY_MAX, decimals_max=QUANTITY_DECIMALS_MAX)


def _faults(
    path: str, figure: Decimal | None, *, most: Decimal, decimals_max: int
) -> Iterator[Fault]:
    if figure is None:
        return
    if not figure.is_finite() or not ZERO <= figure <= most:
        yield Fault(path, f"must be from 0 to {plain(most)}")
    elif decimals_of(figure) > decimals_max:
        yield Fault(path, f"must have at most {decimals_max} decimals")
