"""How what is too much is given back of the lines of invoices, and of no more than was charged.

Source:  docs/decisions/0026-adjustments-and-credit-notes.md
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from billing_service.domain.credit_note import CreditedInvoice, LineCredit

_Key: TypeAlias = tuple[str, str]


def giving(
    credited: Mapping[_Key, CreditedInvoice], wanted: Mapping[_Key, Sequence[LineCredit]]
) -> dict[_Key, list[LineCredit]]:
    """What is given back of the lines of each invoice, of those that have something left.

    Where an invoice comes to less than is left of its lines, since it took something back of an
    earlier one, the rest is given back of that one's lines.

    Shapes:  `credited` holds the invoices that are `wanted`, and those of which they took back.
    """
    left = _Left(credited)
    wanting: list[tuple[_Key, LineCredit]] = []
    for key in sorted(wanted):
        for each in wanted[key]:
            missing_minor = left.give(key, each)
            if missing_minor:
                wanting.append((key, replace(each, amount_minor=missing_minor)))
    for key, each in wanting:
        left.give_of_others(key, each)
    return left.given


class _Left:
    """Invoices after some was given back of them."""

    def __init__(self, credited: Mapping[_Key, CreditedInvoice]) -> None:
        self.given: dict[_Key, list[LineCredit]] = defaultdict(list)
        self._after = dict(credited)

    def give(self, key: _Key, wanted: LineCredit) -> int:
        """Give back what is left; tells what is missing of it to what is left of its line."""
        of = self._after[key]
        line = of.line(wanted.line_number)
        if line is None:
            return 0
        missing_minor = of.wanting_of(line, wanted.amount_minor)
        self._note(key, wanted, min(wanted.amount_minor, of.left_of(line)))
        return missing_minor

    def give_of_others(self, key: _Key, missing: LineCredit) -> int:
        """Give back of what an invoice took back of others; tells how much that is."""
        left_minor = missing.amount_minor
        for each in reversed(self._after[key].took_back):
            place = (each.payer, each.invoice)
            line = self._after[place].line(each.line_number)
            part = min(left_minor, each.amount_minor)
            if line is None or part <= 0:
                continue
            own_minor = min(part, self._after[place].room_of(line))
            credit = replace(missing, line_number=each.line_number, amount_minor=part - own_minor)
            self._note(place, credit, own_minor)
            left_minor -= own_minor
            if own_minor < part:
                left_minor -= self.give_of_others(place, credit)
        return missing.amount_minor - left_minor

    def _note(self, key: _Key, wanted: LineCredit, amount_minor: int) -> None:
        if amount_minor > 0:
            part = replace(wanted, amount_minor=amount_minor)
            self.given[key].append(part)
            self._after[key] = self._after[key].after([part])
