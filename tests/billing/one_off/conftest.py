"""The service on one store, where the kind of store makes no difference."""

from tests.billing.usage.conftest import prepared_file, sqlite_billing

__all__ = ["prepared_file", "sqlite_billing"]
