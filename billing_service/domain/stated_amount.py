"""An amount as somebody stated it: maybe finer than its currency, or of mixed sign."""

from typing import NamedTuple

from billing_service.domain.money import minor_digits, minor_units


class StatedAmount(NamedTuple):
    """Whole units and billionths of a currency."""

    units: int
    nanos: int
    currency: str

    def minor(self, field: str) -> int | None:
        """The same in minor units; None if it is finer, or of mixed sign.

        Errors:  CurrencyUnknown, naming the field that holds the amount.
        """
        minor_digits(self.currency, f"{field}.currency_code")
        return minor_units(self.units, self.nanos, self.currency)
