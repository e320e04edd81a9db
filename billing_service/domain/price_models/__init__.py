"""The price models, one in each module: how a quantity becomes an amount."""

from billing_service.domain.price_models.usage import Fault, PriceModel, Share, Transaction, Usage

__all__ = ["Fault", "PriceModel", "Share", "Transaction", "Usage"]
