"""What is reserved of a price in a period, kept true while reservations come, go and run out."""

import heapq
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from billing_service.domain.money import EXACT
from billing_service.domain.usage.reservation import Reservation


class OpenReservations:
    """The open reservations of one price in one period, the first to run out foremost."""

    def __init__(self, reservations: Iterable[Reservation] = ()) -> None:
        self._total = Decimal(0)
        self._by_expiry: list[tuple[int, str]] = []
        self._open: dict[str, Reservation] = {}
        for each in reservations:
            self.take_in(each)

    def take_in(self, changed: Reservation) -> None:
        """Take in a reservation in its new state."""
        before = self._open.pop(changed.reservation_id, None)
        if before is not None:
            self._total = EXACT.subtract(self._total, before.quantity)
        if changed.counts:
            self._open[changed.reservation_id] = changed
            self._total = EXACT.add(self._total, changed.quantity)
            heapq.heappush(self._by_expiry, (changed.expire_at, changed.reservation_id))

    def run_out(self, now: int) -> list[Reservation]:
        """Those that have run out at an instant; from here on they count no more."""
        found = []
        while self._by_expiry and self._by_expiry[0][0] <= now:
            _, reservation_id = heapq.heappop(self._by_expiry)
            each = self._open.get(reservation_id)
            if each is not None and each.expire_at <= now:
                self.take_in(replace(each, lapsed=True))
                found.append(replace(each, lapsed=True))
        return found

    @property
    def total(self) -> Decimal:
        """What is reserved by those that count."""
        return self._total
