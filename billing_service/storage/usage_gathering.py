"""What taking events in needs to know, in a few statements for however many events."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple

from sqlalchemy import and_, select

from billing_service.domain.account import Account, Standing
from billing_service.domain.meter import Meter
from billing_service.domain.usage.day_total import DayTotal
from billing_service.domain.usage.days import DayFinder
from billing_service.domain.usage.event import UsageEvent
from billing_service.domain.usage.intake import Intake, ValueKey
from billing_service.domain.usage.judging import (
    Bounds,
    Home,
    Judged,
    Readers,
    Refused,
    Running,
    TotalKey,
    judge,
    readers_of,
)
from billing_service.storage.catalog_memory import meters_of_type
from billing_service.storage.tables import CHASSIS, table
from billing_service.storage.usage_rows import total_from_tuple
from billing_service.storage.usage_segments import kept_since, lock_segments
from chassis.database import Transaction
from chassis.prepared import InQuery
from chassis.tuples import find_tuples

_KEYS: Final = table("usage_keys")
_TOTALS: Final = table("usage_totals")
_VALUES: Final = table("usage_values")
_ACCOUNTS: Final = table("accounts")
_STANDINGS: Final = table("standings")
_CLOCKS: Final = CHASSIS.sandbox_clocks

_HOMES: Final = InQuery(
    select(
        _ACCOUNTS.c.account,
        _ACCOUNTS.c.sandbox,
        _ACCOUNTS.c.time_zone,
        _ACCOUNTS.c.zone_fixed,
        _ACCOUNTS.c.usage_watched,
        _STANDINGS.c.closed_through,
        _CLOCKS.c.clock_at,
    )
    .outerjoin(_STANDINGS, _STANDINGS.c.account == _ACCOUNTS.c.account)
    .outerjoin(_CLOCKS, and_(_ACCOUNTS.c.sandbox != "", _CLOCKS.c.sandbox == _ACCOUNTS.c.sandbox)),
    _ACCOUNTS.c.account,
)
_READERS: Final = "usage meter readers"
_DAYS: Final = "usage days"
# Months age out three months after their end at the earliest.
_RECENT_US: Final = 60 * 86_400 * 1_000_000

Judgements = list[Judged | Refused | None]


def gather_intake(
    tx: Transaction, batches: Sequence[tuple[Sequence[UsageEvent], Bounds]]
) -> tuple[Intake, list[Judgements]]:
    """What is known of batches of events, and how each event of each batch is judged by itself.

    Events that are known already are not judged: None.
    """
    accounts = read_accounts(tx, {event.account for events, _ in batches for event in events})
    _keep_old_months(tx, batches, accounts)
    # What is looked up in order is looked up faster.
    names = sorted({event.name for events, _ in batches for event in events})
    known = {(key, account): body for key, account, body, _ in find_tuples(tx, _KEYS, names)}
    readers = readers_by_type(tx)
    kept_at = kept_since(tx)
    homes: dict[str, Home] = {}
    running: dict[TotalKey, Running] = {}
    judgements: list[Judgements] = []
    for events, stated in batches:
        bounds = stated if kept_at is None else stated._replace(kept_since=kept_at)
        own = _homes_of(events, accounts, bounds)
        homes |= own
        judgements.append(
            [
                None
                if event.name in known
                else judge(event, own.get(event.account), readers.get(event.type), running)
                for event in events
            ]
        )
    for key, total in find_totals(tx, running).items():
        running[key].total = total
    return Intake(homes, known, running, _gather_values(tx, judgements)), judgements


def _homes_of(
    events: Sequence[UsageEvent], accounts: Mapping[str, "AccountRead"], bounds: Bounds
) -> dict[str, Home]:
    """Those of a batch's accounts that are known, as its events are judged."""
    if len(events) == 1:
        # Most of the batches that come by the dozen.
        name = events[0].account
        return {name: accounts[name].home(bounds)} if name in accounts else {}
    names = {event.account for event in events}
    return {name: accounts[name].home(bounds) for name in names if name in accounts}


class AccountRead(NamedTuple):
    """An account as it is stored, what its sandbox's clock shows (None: it has none), its days."""

    account: Account
    standing: Standing
    clock_at: int | None
    days: DayFinder

    def home(self, bounds: Bounds) -> Home:
        """The account as events of a batch are judged."""
        now_at = bounds.received_at if self.clock_at is None else self.clock_at
        return Home(self.account, self.standing, now_at=now_at, bounds=bounds, days=self.days)


def read_accounts(tx: Transaction, accounts: Iterable[str]) -> dict[str, AccountRead]:
    """Those of the accounts that are known."""
    found = {}
    for name, sandbox, zone, is_fixed, is_watched, closed, clock_at in tx.fetched_in(
        _HOMES, sorted(accounts)
    ):
        closed_on = date.fromisoformat(closed) if isinstance(closed, str) else closed
        found[name] = AccountRead(
            Account(name, sandbox, zone, bool(is_fixed), bool(is_watched)),
            Standing(name, closed_through=closed_on),
            clock_at,
            _days_of(tx, zone),
        )
    return found


def _keep_old_months(
    tx: Transaction,
    batches: Iterable[tuple[Sequence[UsageEvent], Bounds]],
    accounts: Mapping[str, AccountRead],
) -> None:
    """Keep old months from aging out meanwhile, if any of the events lies that far back.

    One without a time happened when the clock of its account's sandbox says. SQLite has one writer,
    and needs none of it.
    """
    if tx.dialect == "sqlite":
        return
    clocks = {name: each.clock_at for name, each in accounts.items() if each.clock_at is not None}
    for events, bounds in batches:
        recent_at = bounds.received_at - _RECENT_US
        slow = {name for name, clock_at in clocks.items() if clock_at < recent_at}
        if any(
            event.account in slow if event.time_at is None else event.time_at < recent_at
            for event in events
        ):
            lock_segments(tx, alone=False)
            return


def find_totals(tx: Transaction, wanted: Iterable[TotalKey]) -> dict[TotalKey, DayTotal]:
    """The totals of days, where there are any."""
    return dict(map(total_from_tuple, find_tuples(tx, _TOTALS, list(wanted))))


def find_values(tx: Transaction, wanted: Iterable[ValueKey]) -> dict[ValueKey, int]:
    """In how many events the values were met, where they were."""
    return {
        (row[0], row[1], row[2], row[3], row[4]): row[5]
        for row in find_tuples(tx, _VALUES, sorted(wanted))
    }


def _gather_values(tx: Transaction, judgements: Iterable[Judgements]) -> dict[ValueKey, int]:
    """In how many events the values were met that are told apart."""
    met = {
        (*posting[0].key, posting[2])
        for own in judgements
        for judged in own
        if type(judged) is Judged
        for posting in judged[1]
        if posting[2]
    }
    return find_values(tx, met)


def readers_by_type(tx: Transaction) -> Mapping[str, Readers]:
    """The meters of each type of events, as they read events; made once for a catalogue."""
    meters: Mapping[str, tuple[Meter, ...]] = meters_of_type(tx)
    remembered = tx.memory.get(_READERS)
    if remembered is not None and remembered[0] is meters:
        found: Mapping[str, Readers] = remembered[1]
        return found
    found = {name: readers_of(each) for name, each in meters.items()}
    tx.memory[_READERS] = (meters, found)
    return found


def _days_of(tx: Transaction, zone: str) -> DayFinder:
    """The days of a zone, remembered as long as the store is open; they hold in any transaction."""
    by_zone: Mapping[str, DayFinder] = tx.memory.get(_DAYS, {})
    finder = by_zone.get(zone)
    if finder is None:
        finder = DayFinder(zone)
        tx.memory[_DAYS] = {**by_zone, zone: finder}
    return finder
