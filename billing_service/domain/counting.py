"""How many things of an account a counting price counts, such as the clients of a partner."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from billing_service.domain.price import Counting


@dataclass(frozen=True, slots=True)
class CountedGroup:
    """So many things of an account, of one kind and with the same labels.

    `is_own` marks the account's own, such as a partner as its own client.
    """

    counted: str
    count: int
    labels: frozenset[str] = frozenset()
    is_own: bool = False


class CountedThings:
    """The things of an account; what equal prices count is counted once."""

    def __init__(self, groups: Iterable[CountedGroup]) -> None:
        self._counts: dict[tuple[str, bool, frozenset[str]], int] = defaultdict(int)
        for group in groups:
            if group.count > 0:
                self._counts[group.counted, group.is_own, group.labels] += group.count
        self._labels = {label for _, _, labels in self._counts for label in labels}
        self._known: dict[Counting, Decimal | None] = {}

    def quantity(self, kind: Counting) -> Decimal | None:
        """How many there are to be priced; None if the price does not apply at all.

        It applies once anything of the account, its own things included, carries a trigger label;
        without trigger labels, always.
        """
        if kind not in self._known:
            self._known[kind] = self._quantity(kind)
        return self._known[kind]

    def _quantity(self, kind: Counting) -> Decimal | None:
        triggers = kind.trigger_labels
        if triggers and triggers.isdisjoint(self._labels):
            return None
        return Decimal(
            sum(
                count
                for (counted, is_own, labels), count in self._counts.items()
                if counted == kind.counted
                and (kind.own_counted or not is_own)
                and not (kind.labelled_only and triggers.isdisjoint(labels))
            )
        )
