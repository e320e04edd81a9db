"""An amount for the step that the quantity reaches, or for that one and all before it."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import ClassVar

from billing_service.domain.price_models.figures import ZERO, amount_faults
from billing_service.domain.price_models.tiers import (
    bound_faults,
    is_counted,
    place_of,
    range_text,
)
from billing_service.domain.price_models.usage import Fault, Share, Usage


class StairstepMode(Enum):
    """Which steps are charged."""

    REACHED = "reached"
    CUMULATIVE = "cumulative"


@dataclass(frozen=True, slots=True)
class Step:
    """A range beyond the step before, up to and including its bound; None: without one."""

    up_to: Decimal | None
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Stairstep:
    """An amount by steps."""

    steps: tuple[Step, ...]
    mode: StairstepMode = StairstepMode.REACHED

    name: ClassVar[str] = "stairstep"
    by_quantity: ClassVar[bool] = True
    single_price: ClassVar[Decimal | None] = None

    def faults(self) -> Iterator[Fault]:
        """What is wrong with its figures."""
        yield from bound_faults("steps", [step.up_to for step in self.steps])
        for place, step in enumerate(self.steps):
            yield from amount_faults(f"steps[{place}].amount", step.amount)

    def amount_at(self, quantity: Decimal) -> Decimal:
        """The amount of the step reached, with those before it if all count."""
        before = ZERO
        cumulative = self.mode is StairstepMode.CUMULATIVE
        for step in self.steps:
            if step.up_to is None or quantity <= step.up_to:
                return before + step.amount
            if cumulative:
                before += step.amount
        return before

    def amount_of(self, usage: Usage) -> Decimal:
        """The same for a usage, of which nothing but the quantity matters."""
        return self.amount_at(usage.quantity)

    def shares(self, usage: Usage) -> tuple[Share, ...]:
        """One for each step charged; its quantity is what lies in it."""
        bounds = [step.up_to for step in self.steps]
        counted = is_counted(bounds, usage.quantity)
        last = place_of(bounds, usage.quantity)
        first = 0 if self.mode is StairstepMode.CUMULATIVE else last
        shares: list[Share] = []
        for place in range(first, last + 1):
            step, below = self.steps[place], (bounds[place - 1] if place else None) or ZERO
            reached = usage.quantity if place == last else step.up_to or ZERO
            quantity = usage.quantity if first == last else reached - below
            text = range_text(below, step.up_to, is_counted=counted)
            shares.append(Share(text, quantity, None, step.amount, step.amount, step.up_to))
        return tuple(shares)
