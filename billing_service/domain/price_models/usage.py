"""What a price model is given, and what it answers with.

Usage is a named tuple: rating takes one for every line, and a frozen dataclass takes several times
as long to make.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple, Protocol

_NO_PEAKS: Mapping[str, Decimal] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Transaction:
    """Equal transactions in a row."""

    amount: Decimal
    count: int = 1


class Usage(NamedTuple):
    """The quantity to price, and what some models need to know besides.

    `events_count` is how many transactions made up the quantity, `transactions` each of them in
    order, `by_unit` what each unit of another price used, `peaks` the peak of each meter.
    """

    quantity: Decimal
    events_count: int = 0
    transactions: tuple[Transaction, ...] = ()
    by_unit: tuple[Decimal, ...] = ()
    peaks: Mapping[str, Decimal] = _NO_PEAKS


@dataclass(frozen=True, slots=True)
class Share:
    """What a tier, step, package or transaction contributed; exact. Shares add up to the amount."""

    text: str
    quantity: Decimal
    unit_price: Decimal | None
    flat_fee: Decimal
    amount: Decimal
    up_to: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a price: the path of the field, within it, and what it must be."""

    path: str
    text: str


class PriceModel(Protocol):
    """How a quantity becomes an exact amount in the price's currency.

    Amounts and shares are computed in the caller's decimal context: `money.EXACT`, which rounds
    nothing. Rating sets it once for all that it does.
    """

    @property
    def name(self) -> str:
        """What the contract calls the model."""

    @property
    def single_price(self) -> Decimal | None:
        """The price of every unit, where there is one for all."""

    def faults(self) -> Iterator[Fault]:
        """What is wrong with its figures."""

    @property
    def by_quantity(self) -> bool:
        """Whether nothing but the quantity of a usage matters."""

    def amount_at(self, quantity: Decimal) -> Decimal:
        """What a quantity costs of which nothing else is known; exact, and not negative."""

    def amount_of(self, usage: Usage) -> Decimal:
        """What the usage costs; exact, unrounded. The quantity is not negative."""

    def shares(self, usage: Usage) -> tuple[Share, ...]:
        """The same, part by part."""
