"""How many things of an account a counting price counts, such as the clients of a partner."""

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


def counted_quantity(kind: Counting, groups: Iterable[CountedGroup]) -> Decimal | None:
    """How many there are to be priced; None if the price does not apply at all.

    It applies once anything of the account, its own things included, carries a trigger label;
    without trigger labels, always.
    """
    present = [group for group in groups if group.count > 0]
    triggers = kind.trigger_labels
    if triggers and not any(group.labels & triggers for group in present):
        return None
    return Decimal(sum(group.count for group in present if _counts(kind, group)))


def _counts(kind: Counting, group: CountedGroup) -> bool:
    if group.counted != kind.counted or (group.is_own and not kind.own_counted):
        return False
    return not kind.labelled_only or bool(group.labels & kind.trigger_labels)
