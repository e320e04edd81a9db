"""How much one request may hold: what it takes to judge and to price it is bounded.

Judging happens while other calls wait, so the limits of single fields, multiplied, are too much.
"""

from collections.abc import Iterable
from typing import Final

from pospago.billing.v1 import catalog_pb2, estimate_pb2, price_pb2

from billing_service.domain.errors import InvalidPrices
from billing_service.domain.estimate_errors import InvalidQuantities
from billing_service.domain.price_models import Fault

# Of a plan version, and of all those of a catalogue.
VERSION_TIERS_MAX: Final = 10_000
CATALOG_TIERS_MAX: Final = 20_000
# Of an estimate: the transactions and units of all prices.
USED_PARTS_MAX: Final = 50_000


def check_version_size(message: catalog_pb2.PlanVersion, path: str) -> None:
    """Refuse a plan version with too many tiers; `path` leads to it, such as `version.`.

    Errors:  InvalidPrices.
    """
    _check_tiers(_tiers_count(message), VERSION_TIERS_MAX, f"{path}prices")


def check_catalog_size(message: catalog_pb2.Catalog) -> None:
    """Refuse a catalogue with too many tiers.

    Errors:  InvalidPrices.
    """
    versions = (version for plan in message.plans for version in plan.versions)
    _check_tiers(sum(map(_tiers_count, versions)), CATALOG_TIERS_MAX, "catalog.plans")


def check_estimate_size(request: estimate_pb2.EstimateRequest) -> None:
    """Refuse an estimate of too many transactions and units.

    Errors:  InvalidQuantities.
    """
    used = sum(len(each.transactions) + len(each.by_unit) for each in request.used)
    if used > USED_PARTS_MAX:
        text = f"tells of {used:,} transactions and units: at most {USED_PARTS_MAX:,} in all"
        raise InvalidQuantities([Fault("used", text)])


def _check_tiers(count: int, most: int, path: str) -> None:
    if count > most:
        raise InvalidPrices([Fault(path, f"have {count:,} tiers: at most {most:,} in all")])


def _tiers_count(version: catalog_pb2.PlanVersion) -> int:
    return sum(map(_tiers_of, version.prices))


def _tiers_of(price: price_pb2.Price) -> int:
    """How many tiers a price has; steps and ceilings count, and one without any is one."""
    parts: Iterable[object] = ()
    match price.WhichOneof("model"):
        case "graduated" | "volume" | "graduated_percentage" as model:
            parts = getattr(price, model).tiers
        case "stairstep":
            parts = price.stairstep.steps
        case "capacity":
            parts = [each for tier in price.capacity.tiers for each in tier.ceilings]
    return max(1, len(list(parts)))
