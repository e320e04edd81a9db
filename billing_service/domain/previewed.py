"""What a preview of a change followed from, which the change is held against when it is confirmed.

Source:  docs/decisions/0022-live-timelines.md
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from billing_service.domain.change_errors import Outdated, PreviewTokenInvalid
from billing_service.domain.invoice import IssuedInvoice

# How long a preview may be confirmed.
GOOD_FOR_US: Final = 15 * 60 * 1_000_000


@dataclass(frozen=True, slots=True)
class Previewed:
    """What a change was previewed as of an instant from: each fact by what changes with it.

    `lines` stands for what is due at once, line by line.
    """

    instant_at: int
    subscription: str
    catalogue: str
    profile: str
    lines: str

    @property
    def expires_at(self) -> int:
        """The first instant at which it can no longer be confirmed."""
        return self.instant_at + GOOD_FOR_US

    def told_at(self, now: int) -> int:
        """When it was previewed, as of which the change takes effect.

        Errors:  PreviewTokenInvalid.
        """
        if not self.instant_at <= now < self.expires_at:
            raise PreviewTokenInvalid("is older than 15 minutes")
        return self.instant_at

    def changed_since(self, other: "Previewed") -> Outdated | None:
        """The first fact that is another one now; None if all are the same."""
        pairs = {
            Outdated.SUBSCRIPTION: (self.subscription, other.subscription),
            Outdated.CATALOGUE: (self.catalogue, other.catalogue),
            Outdated.PROFILE: (self.profile, other.profile),
            Outdated.LINES: (self.lines, other.lines),
        }
        return next((fact for fact, (then, now) in pairs.items() if then != now), None)


def digest(parts: Iterable[object]) -> str:
    """What stands for some values: the same for the same ones."""
    return sha256("\n".join(map(str, parts)).encode()).hexdigest()[:32]


def lines_digest(invoices: Iterable[IssuedInvoice]) -> str:
    """What stands for all that some invoices charge, line by line, with their taxes."""
    return digest(
        part
        for issued in invoices
        for part in (
            issued.invoice.currency,
            issued.invoice.total_minor,
            issued.invoice.tax_minor,
            *(
                (
                    line.description,
                    line.price,
                    f"{line.quantity:f}",
                    line.amount_minor,
                    line.period_start_on,
                    line.period_end_on,
                    line.tax_category,
                )
                for line in issued.lines
            ),
        )
    )
