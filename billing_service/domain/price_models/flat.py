"""One amount, whatever the quantity."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from billing_service.domain.price_models.figures import amount_faults
from billing_service.domain.price_models.usage import Fault, Share, Usage


@dataclass(frozen=True, slots=True)
class Flat:
    """One amount, whatever the quantity."""

    amount: Decimal

    name: ClassVar[str] = "flat"
    by_quantity: ClassVar[bool] = True
    single_price: ClassVar[Decimal | None] = None

    def faults(self) -> Iterator[Fault]:
        """What is wrong with its figures."""
        yield from amount_faults("amount", self.amount)

    def amount_at(self, quantity: Decimal) -> Decimal:
        """The amount."""
        return self.amount

    def amount_of(self, usage: Usage) -> Decimal:
        """The same for a usage, of which nothing but the quantity matters."""
        return self.amount_at(usage.quantity)

    def shares(self, usage: Usage) -> tuple[Share, ...]:
        """The amount, as the one part that there is."""
        return (Share("flat", usage.quantity, None, self.amount, self.amount),)
