"""Previews from what is remembered: never other than those of a process that remembers nothing."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from decimal import Decimal
from typing import Any, Final

import pytest

from billing_service.domain.charge import Charge
from billing_service.domain.credit_note import IssuedCreditNote
from billing_service.domain.invoice import IssuedInvoice
from billing_service.domain.meter import Aggregation, Meter
from billing_service.domain.price import AddOn, Licensed, Metered, Price, Recurring
from billing_service.domain.price_change import Indexation, PriceChange
from billing_service.domain.price_models import Flat, PerUnit
from billing_service.storage.account_memory import accounts_of
from billing_service.storage.account_memory import remembered as remembered_by
from billing_service.storage.saving import CHANGED_KINDS
from billing_service.use_cases.add_plan_version import ADD_PLAN_VERSION, AddPlanVersion
from billing_service.use_cases.create_price_change import CREATE_PRICE_CHANGE, CreatePriceChange
from billing_service.use_cases.preview_change import ChangePreview, preview_change
from chassis.database import Database, Transaction
from tests.billing.builders import Billing, day
from tests.billing.credits.giving import grant
from tests.billing.subscribing.changing import change, change_of, move
from tests.billing.subscribing.live import Live, plan_of

_USD: Final = "USD"
WRITES: Final = 8
CALLS: Final = Meter("calls", "", "calls", Aggregation.SUM, "value", "call")
PRO: Final = plan_of(
    Price("base", _USD, Recurring(), Flat(Decimal(62))),
    Price("seats", _USD, Licensed("seat"), PerUnit(Decimal("14.99"))),
    Price("extra", _USD, Recurring(), Flat(Decimal(31)), add_on=AddOn()),
    Price("calls", _USD, Metered("calls"), PerUnit(Decimal("0.1"))),
)
SMALL: Final = plan_of(Price("base", _USD, Recurring(), Flat(Decimal(31))), plan="small")
MADE_OF_OTHERS: Final = (IssuedInvoice, IssuedCreditNote, Charge)


@pytest.fixture
def live(sqlite_billing: Billing) -> Live:
    """An account on the plan since 1 March; it is 10 April, and March is billed."""
    return _live(sqlite_billing)


def _live(billing: Billing) -> Live:
    found = Live.on(billing, PRO, SMALL, meters=(CALLS,))
    found.subscribe("pro", {"seats": 3})
    billing.go_to("2026-04-10 12:00")
    return found


def remembered(live: Live) -> ChangePreview:
    """A preview by the process that has looked before."""
    return _preview(live, live.billing.database)


def fresh(live: Live) -> ChangePreview:
    """The same by a process that remembers nothing."""
    database = Database(live.billing.database.url, exclusive=False)
    found = _preview(live, database)
    database.close()
    return found


def _preview(live: Live, database: Database) -> ChangePreview:
    return database.read(lambda tx: _previewed(tx, live))


def _previewed(tx: Transaction, live: Live) -> ChangePreview:
    return preview_change(tx, change_of("pro", {"seats": 5}), live.billing.clock.now())


def _index(live: Live) -> Any:
    change = PriceChange(
        account="acme",
        price_change_id="index",
        plan="pro",
        effective_on=day("2026-05-01"),
        plan_version=None,
        indexation=Indexation(Decimal(10), yearly=False),
        note="",
        notice_at=0,
    )
    return live.billing.do(CREATE_PRICE_CHANGE, CreatePriceChange(change))


def _add_version(live: Live) -> None:
    (version,) = PRO.versions
    dearer = replace(version.prices[0], model=Flat(Decimal(93)))
    later = replace(
        version,
        prices=(dearer, *version.prices[1:]),
        effective_at=live.billing.clock.now() + 1_000_000,
    )
    live.billing.do(ADD_PLAN_VERSION, AddPlanVersion("pro", later))
    live.billing.go_to("2026-05-03 12:00")


def _join(live: Live) -> None:
    live.account("branch", payer="acme")
    live.subscribe("pro", {"seats": 9}, account="branch", begins="")


CHANGES: Final[dict[str, Callable[[Live], Any]]] = {
    "used": lambda live: live.use("calls", "70"),
    "credited": lambda live: grant(live.billing, "c", "5", currency=_USD),
    "paid": lambda live: live.billing.pay("100.00", value_on="2026-04-10", currency=_USD),
    "profile": lambda live: live.billing.set_profile(reference_text="Order 7"),
    "terms": lambda live: live.billing.set_terms(currency=_USD, due_day=9),
    "price change": _index,
    "plan version": _add_version,
    "changed": lambda live: change(live, "pro", {"seats": 7}),
    "cancelled": lambda live: move(live, "cancel", "renewal"),
    "another": lambda live: live.subscribe("small", subscription="second", begins=""),
    "member": _join,
    "closed": lambda live: live.billing.go_to("2026-05-02 12:00"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_no_change_is_overlooked(live: Live, what: str) -> None:
    """Whatever changes between two previews, the second one is as if there had been no first."""
    remembered(live)
    CHANGES[what](live)
    assert remembered(live) == fresh(live)


def test_another_process_is_not_overlooked(billing: Billing) -> None:
    """What others write on the same store is seen, on both stores."""
    live = _live(billing)
    fresh_before = remembered(live)
    change(live, "pro", {"seats": 7})
    assert remembered(live) == fresh(live) != fresh_before


def test_readers_beside_a_writer_are_never_told_of_another_state(billing: Billing) -> None:
    """What threads are told is what their own snapshot holds, on both stores."""
    live, done = _live(billing), threading.Event()

    def write() -> None:
        for number in range(WRITES):
            grant(billing, f"c{number}", "1", currency=_USD)
            change(live, "pro", {"seats": number})
        done.set()

    def watch() -> list[bool]:
        same: list[bool] = []
        while not done.is_set() or not same:
            same.append(billing.database.read(lambda tx: _is_as_gathered(tx, live)))
        return same

    with ThreadPoolExecutor(3) as threads:
        watching = [threads.submit(watch) for _ in range(2)]
        threads.submit(write).result()
        seen = [told for each in watching for told in each.result()]
    assert all(seen)


def test_reader_in_an_older_snapshot_sees_the_older_state(billing: Billing) -> None:
    """A change beside a reader, and what others remember of it, do not reach into what it reads."""
    live = _live(billing)

    def ask(tx: Transaction) -> bool:
        before = _previewed(tx, live)
        change(live, "pro", {"seats": 7})
        remembered(live)
        return _previewed(tx, live) == before

    assert billing.database.read(ask)


def _is_as_gathered(tx: Transaction, live: Live) -> bool:
    """Whether a snapshot's preview is the same from what is remembered, and gathered anew."""
    found, shared = _previewed(tx, live), tx.memory
    tx.memory = {}
    anew = _previewed(tx, live)
    tx.memory = shared
    return found == anew


def test_second_preview_reads_little(live: Live) -> None:
    """What was gathered is not gathered again: tokens and usage are asked for."""
    remembered(live)
    seen: list[str] = []
    command, now = change_of("pro", {"seats": 6}), live.billing.clock.now()

    def counted(tx: Any) -> None:
        tx.connection.connection.set_trace_callback(seen.append)
        preview_change(tx, command, now)
        tx.connection.connection.set_trace_callback(None)

    live.billing.database.read(counted)
    assert len(seen) == 2


def test_more_than_may_be_remembered_is_not(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """What has more entities than all may have together is gathered each time."""
    monkeypatch.setattr("billing_service.storage.account_memory.ENTITIES_MAX", 10)
    key = ("acme", "main")
    known = live.billing.database.read(lambda tx: (_previewed(tx, live), remembered_by(tx, key)))
    assert known[1] is None


@pytest.mark.parametrize("kind", CHANGED_KINDS, ids=lambda kind: kind.__name__)
def test_each_entity_has_an_owner(kind: Any) -> None:
    """Whatever is written, it is known whose billing changes by it."""
    names = {each.name for each in fields(kind)}
    is_told = names & {"account", "payer"} or kind in MADE_OF_OTHERS
    assert is_told or not list(accounts_of(object.__new__(kind)))
