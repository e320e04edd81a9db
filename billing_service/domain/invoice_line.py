"""Lines of invoices and estimates."""

from datetime import date
from decimal import Decimal
from enum import Enum
from typing import NamedTuple

from billing_service.domain.tax import LineTax


class LinePart(Enum):
    """What a line says of its item."""

    WHOLE = "whole"
    INCLUDED = "included"
    EXCESS = "excess"
    CREDIT = "credit"


class InvoiceLine(NamedTuple):
    """Equal charges, summed. The service period is `[period_start_on, period_end_on)`.

    `unit_price` is None where the model has no single one; `price` is the code of the item. A line
    of credit is for no item; `credit` is the id of the one that it uses. `taxed` is None where no
    tax is shown. A named tuple: to number and tax a line makes it anew.
    """

    line_number: int
    description: str
    plan: str
    plan_version: int
    band: int
    quantity: Decimal
    unit_price: Decimal | None
    amount_minor: int
    period_start_on: date
    period_end_on: date
    price: str
    part: LinePart
    tax_category: str
    unit: str
    credit: str = ""
    taxed: LineTax | None = None
