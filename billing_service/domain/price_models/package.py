"""By packages of a size: those begun, or those complete."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import ClassVar

from billing_service.domain.price_models.figures import ZERO, amount_faults, plain, quantity_faults
from billing_service.domain.price_models.usage import Fault, Share, Usage


class PackageRounding(Enum):
    """Which packages count."""

    STARTED = "started"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True)
class Package:
    """By packages of a size, and at least so many of them."""

    size: Decimal
    package_price: Decimal
    rounding: PackageRounding = PackageRounding.STARTED
    packages_min: int = 0

    name: ClassVar[str] = "package"
    by_quantity: ClassVar[bool] = True
    single_price: ClassVar[Decimal | None] = None

    def faults(self) -> Iterator[Fault]:
        """What is wrong with its figures."""
        if not self.size:
            yield Fault("size", "must be above 0")
        yield from quantity_faults("size", self.size)
        yield from amount_faults("package_price", self.package_price)
        if self.packages_min < 0:
            yield Fault("packages_min", "must not be negative")

    def packages(self, quantity: Decimal) -> int:
        """How many packages a quantity makes."""
        complete, rest = divmod(quantity, self.size)
        begun = int(complete)
        if rest and self.rounding is PackageRounding.STARTED:
            begun += 1
        return max(begun, self.packages_min)

    def amount_at(self, quantity: Decimal) -> Decimal:
        """Packages times their price."""
        return self.packages(quantity) * self.package_price

    def amount_of(self, usage: Usage) -> Decimal:
        """The same for a usage, of which nothing but the quantity matters."""
        return self.amount_at(usage.quantity)

    def shares(self, usage: Usage) -> tuple[Share, ...]:
        """One, for all packages."""
        packages = self.packages(usage.quantity)
        amount = packages * self.package_price
        noun = "package" if packages == 1 else "packages"
        text = f"{packages:,} {self.rounding.value} {noun} of {plain(self.size)}"
        text += f" at {plain(self.package_price)}"
        return (Share(text, usage.quantity, None, ZERO, amount),)
