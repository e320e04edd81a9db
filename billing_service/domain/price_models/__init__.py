"""The price models, one in each module: how a quantity becomes an amount."""

from billing_service.domain.price_models.capacity import (
    Capacity,
    CapacityTier,
    Ceiling,
    usage_of_peaks,
)
from billing_service.domain.price_models.flat import Flat
from billing_service.domain.price_models.graduated import Graduated
from billing_service.domain.price_models.graduated_percentage import (
    GraduatedPercentage,
    PercentTier,
)
from billing_service.domain.price_models.package import Package, PackageRounding
from billing_service.domain.price_models.per_unit import PerUnit
from billing_service.domain.price_models.percentage import Percentage, usage_of_transactions
from billing_service.domain.price_models.stairstep import Stairstep, StairstepMode, Step
from billing_service.domain.price_models.tiers import Tier
from billing_service.domain.price_models.usage import Fault, PriceModel, Share, Transaction, Usage
from billing_service.domain.price_models.volume import Volume

__all__ = [
    "Capacity",
    "CapacityTier",
    "Ceiling",
    "Fault",
    "Flat",
    "Graduated",
    "GraduatedPercentage",
    "Package",
    "PackageRounding",
    "PerUnit",
    "PercentTier",
    "Percentage",
    "PriceModel",
    "Share",
    "Stairstep",
    "StairstepMode",
    "Step",
    "Tier",
    "Transaction",
    "Usage",
    "Volume",
    "usage_of_peaks",
    "usage_of_transactions",
]
