"""Plans: what can be subscribed, what it costs, and since when."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum

from billing_service.domain import price_rules
from billing_service.domain.meter import Meter
from billing_service.domain.plan_version import PlanVersion
from billing_service.domain.price import Metered, Price, Recurring, Review
from billing_service.domain.price_models import Fault
from billing_service.domain.proration import STANDARD_PRORATION, Proration
from billing_service.domain.versions import check_ahead

__all__ = ["Plan", "PlanVersion", "VersionPolicy", "check", "faults", "first_plan"]


class VersionPolicy(Enum):
    """Which version of a plan prices a subscription."""

    FOLLOW = "follow"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Plan:
    """Something that can be subscribed. The versions go by effective time.

    `proration` is how a change of a subscription is charged where nobody says so.
    """

    plan_id: str
    display_name: str
    policy: VersionPolicy
    versions: tuple[PlanVersion, ...]
    tax_category: str = ""
    price_change_notice_days: int = 0
    proration: Proration = STANDARD_PRORATION

    @property
    def may_hold_usage(self) -> bool:
        """Whether a charge for usage may be held for review, in one version or another."""
        return any(
            price.review is Review.HELD and isinstance(price.kind, Metered)
            for version in self.versions
            for price in version.prices
        )

    def with_version(
        self,
        draft: PlanVersion,
        now: int,
        meters: Mapping[str, Meter],
        *,
        prefix: str = "version.",
    ) -> "Plan":
        """The plan with a further version, which lies ahead of `now` and drops no price.

        Errors:  InvalidPrices and the like, EffectiveTimeNotAhead.
        """
        check(draft, self.versions[-1], meters, prefix=prefix)
        effective_at = check_ahead(self.versions, draft.effective_at, now)
        added = replace(draft, version=len(self.versions) + 1, effective_at=effective_at)
        return replace(self, versions=(*self.versions, added))


def first_plan(
    plan: Plan, meters: Mapping[str, Meter], *, prefix: str = "plan.versions[0]."
) -> Plan:
    """A new plan, whose first version holds since ever.

    Errors:  InvalidPrices and the like.
    """
    (draft,) = plan.versions
    check(draft, None, meters, prefix=prefix)
    return replace(plan, versions=(replace(draft, version=1, effective_at=None),))


def check(
    draft: PlanVersion, before: PlanVersion | None, meters: Mapping[str, Meter], *, prefix: str
) -> None:
    """Refuse a version with faults; `prefix` is where the request states the version.

    Errors:  InvalidPrices, CurrencyUnknown, MeterNotFound, each with all the faults.
    """
    found = tuple(faults(draft, before, meters))
    if found:
        raise price_rules.refusal(found, prefix)


def faults(
    draft: PlanVersion, before: PlanVersion | None, meters: Mapping[str, Meter]
) -> Iterator[Fault]:
    """What is wrong with a version: by itself, and after the one before."""
    yield from price_rules.faults(draft, meters)
    yield from _dropped(draft, before)


def _dropped(draft: PlanVersion, before: PlanVersion | None) -> Iterator[Fault]:
    """What the version before priced, and this one does not. An add-on may end."""
    stated = {price.key for price in draft.prices}
    for price in before.prices if before else ():
        code, band, currency = price.key
        if price.add_on is None and stated.isdisjoint({price.key, (code, 0, currency)}):
            where = f"band {band}" if band else "every band"
            text = f"{code} was priced in {currency} in {where}: state it; {_retired(price)}"
            yield Fault("prices", text)


def _retired(price: Price) -> str:
    """How to have a price charged no more."""
    if isinstance(price.kind, Recurring):
        return "to retire it, make it an add-on, which nobody has to choose, or price it at 0"
    return "to retire it, price it at 0, with no line for a quantity of 0"
