"""What is wanted to know of an account's usage: of which meter, in which days, which part."""

from datetime import date
from typing import NamedTuple

from billing_service.domain.price import DimensionFilter


class UsageWanted(NamedTuple):
    """The usage of one meter by one account in the days `[start_on, end_on)` of its zone.

    `filters` let through what is asked for; without any, all of it is. `transactions` asks for the
    value of each event in order, and `unit_dimension` for what each value of that dimension used;
    empty: not told apart. Both cost more to find out than the quantity.
    """

    account: str
    meter: str
    start_on: date
    end_on: date
    filters: tuple[DimensionFilter, ...] = ()
    transactions: bool = False
    unit_dimension: str = ""
