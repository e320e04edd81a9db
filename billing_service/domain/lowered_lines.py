"""What an invoice still uses of the credits before tax that lowered its lines, once some come back.

Source:  docs/decisions/0026-adjustments-and-credit-notes.md
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

from billing_service.domain.credit_grant import CreditablePart, CreditGrant, apply
from billing_service.domain.proportion import in_proportion


@dataclass(frozen=True, slots=True)
class LoweredLines:
    """The credits that lowered an invoice, and what its lines were for.

    Shapes:  `grants` with what the invoice used of them as what is left; `parts` as charged.
    """

    grants: tuple[CreditGrant, ...]
    parts: tuple[CreditablePart, ...]

    def still_used(self, left: Mapping[int, int]) -> dict[tuple[str, str], int]:
        """How much of each credit and tax category is used for what is left of each line.

        By the function that used them: what is charged as before uses as much as before.
        """
        parts = self._scaled(left)
        used: dict[tuple[str, str], int] = defaultdict(int)
        for each in apply(self.grants, parts):
            used[each.credit_id, parts[each.place].pool] += each.amount_minor
        return used

    def _scaled(self, left: Mapping[int, int]) -> list[CreditablePart]:
        """The parts of what is left, each line's in proportion to what they were."""
        of_line: dict[int, list[CreditablePart]] = defaultdict(list)
        for each in self.parts:
            of_line[each.line_number].append(each)
        found: list[CreditablePart] = []
        for line_number, members in of_line.items():
            shares = in_proportion(left[line_number], [each.amount_minor for each in members])
            found += [
                replace(each, amount_minor=share)
                for each, share in zip(members, shares, strict=True)
            ]
        return found
