"""The remembered catalogue, on both stores: read once, and never other than the stored one."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any, Final

import pytest
from sqlalchemy import Engine, event

from billing_service.domain.meter import Aggregation, Meter, PropertyFilter
from billing_service.domain.plan import Plan
from billing_service.storage.catalog_memory import (
    PLANS_MAX,
    meters_of_type,
    remembered_meters,
    remembered_plans,
)
from billing_service.storage.facts import Facts
from billing_service.storage.gathering import gather_plans
from billing_service.storage.gathering_catalog import gather_meters
from billing_service.storage.saving import save
from chassis.database import Database, Transaction
from chassis.use_case import Effects
from tests.billing.builders import PLAN, Billing, create_store, plan_of

CALLS: Final = Meter("calls", "Calls", "api.call", Aggregation.COUNT)
HOSTS: Final = Meter("hosts", "Hosts", "api.call", Aggregation.UNIQUE_COUNT, "host")
STORAGE: Final = Meter(
    "storage", "Storage", "storage", Aggregation.MAX, "mb", "GB", dimensions=("region",)
)
READERS: Final = 3
CHANGES: Final = 40


class Undone(Exception):
    """Rolls a transaction back."""


def write(database: Database, *changes: Meter | Plan) -> None:
    with database.writing() as tx:
        save(tx, [Effects(None, changes=changes)])


def write_and_undo(database: Database, *changes: Meter | Plan) -> None:
    with suppress(Undone), database.writing() as tx:
        save(tx, [Effects(None, changes=changes)])
        remembered(tx)
        undo()


def undo() -> None:
    raise Undone


def stored(tx: Transaction, plan: str = PLAN) -> tuple[dict[str, Meter], Plan | None]:
    facts = Facts()
    gather_meters(tx, facts)
    gather_plans(tx, facts, [plan])
    return dict(facts.meters), facts.plans.get(plan)


def remembered(tx: Transaction, plan: str = PLAN) -> tuple[dict[str, Meter], Plan | None]:
    return dict(remembered_meters(tx)), remembered_plans(tx, [plan]).get(plan)


@contextmanager
def reads() -> Iterator[list[str]]:
    """The statements that read plans or meters, as they are run."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "FROM meters" in statement or "FROM plan" in statement:
            seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield seen
    event.remove(Engine, "before_cursor_execute", note)


def test_meters_are_told_by_the_type_of_their_events(billing: Billing) -> None:
    """All meters of a type come together, by id."""
    write(billing.database, HOSTS, STORAGE, CALLS)
    told = billing.database.read(meters_of_type)
    assert told == {"api.call": (CALLS, HOSTS), "storage": (STORAGE,)}


def test_meters_are_stored_with_all_they_say(billing: Billing) -> None:
    """Filters, dimensions, conversion and rounding come back as they were."""
    filters = (PropertyFilter("kind", frozenset({"a", "b"})),)
    write(billing.database, replace(STORAGE, filters=filters))
    found = billing.database.read(remembered_meters)
    assert found["storage"].filters == filters


@pytest.mark.parametrize("ask", [remembered, remembered_meters, meters_of_type])
def test_catalogue_is_read_once(billing: Billing, ask: Callable[[Transaction], Any]) -> None:
    """Who asks again is answered without a look at plans or meters."""
    write(billing.database, CALLS)
    billing.database.read(ask)
    with reads() as seen:
        billing.database.read(ask)
        with billing.database.writing() as tx:
            ask(tx)
    assert seen == []


def test_only_plans_not_asked_for_before_are_read(billing: Billing) -> None:
    """One more plan is read by itself; that there is no such plan is no error."""
    write(billing.database, plan_of("shop"))
    billing.database.read(lambda tx: remembered_plans(tx, [PLAN]))
    found = billing.database.read(lambda tx: remembered_plans(tx, [PLAN, "shop", "none"]))
    assert sorted(found) == [PLAN, "shop"]


def test_change_is_seen_at_once(billing: Billing) -> None:
    """What was remembered before a change is not told after it."""
    write(billing.database, CALLS)
    billing.database.read(remembered)
    write(billing.database, replace(CALLS, display_name="Requests"), plan_of(currency="EUR"))
    assert billing.database.read(remembered) == billing.database.read(stored)


def test_transaction_sees_its_own_change(billing: Billing) -> None:
    """Commands that follow in a batch find the new meter."""
    billing.database.read(remembered)
    with billing.database.writing() as tx:
        save(tx, [Effects(None, changes=(CALLS,))])
        assert remembered(tx) == stored(tx)


def test_change_that_is_rolled_back_is_forgotten(billing: Billing) -> None:
    """Nobody is told what a transaction remembered that came to nothing."""
    write(billing.database, CALLS)
    write_and_undo(billing.database, HOSTS, plan_of(currency="EUR"))
    assert billing.database.read(remembered) == billing.database.read(stored)


def test_reader_in_an_older_snapshot_sees_the_older_catalogue(billing: Billing) -> None:
    """A change beside a reader does not reach into what it reads."""
    write(billing.database, CALLS)

    def ask(tx: Transaction) -> Any:
        before = stored(tx)
        write(billing.database, HOSTS)
        billing.database._readers.submit(billing.database.read, remembered).result()
        return remembered(tx) == before

    assert billing.database.read(ask)


def test_plans_remembered_are_limited(billing: Billing) -> None:
    """Those asked for last are kept; the others are read again."""
    many = [f"plan-{number:04}" for number in range(PLANS_MAX)]
    write(billing.database, *(plan_of(each) for each in many))
    billing.database.read(lambda tx: remembered_plans(tx, many))
    billing.database.read(lambda tx: remembered_plans(tx, [many[0], PLAN]))
    with reads() as seen:
        billing.database.read(lambda tx: remembered_plans(tx, [many[0], PLAN, *many[2:]]))
    assert seen == []


def test_readers_beside_a_writer_never_see_another_catalogue(billing: Billing) -> None:
    """What threads are told is what their own snapshot holds; also of changes that are undone."""
    write(billing.database, CALLS)
    done = threading.Event()

    def change() -> int:
        for number in range(CHANGES):
            named = replace(CALLS, display_name=str(number))
            dear = plan_of(prices={1: str(number)})
            (write if number % 3 else write_and_undo)(billing.database, named, dear)
        done.set()
        return CHANGES

    def watch() -> list[bool]:
        same = []
        while not done.is_set():
            same.append(billing.database.read(lambda tx: remembered(tx) == stored(tx)))
        return same

    with ThreadPoolExecutor(READERS + 1) as threads:
        watching = [threads.submit(watch) for _ in range(READERS)]
        threads.submit(change).result()
        seen = [told for each in watching for told in each.result()]
    assert seen
    assert all(seen)


def test_another_process_sees_a_change_at_once(
    new_postgres_database: Callable[..., str],
) -> None:
    """Each process asks the store whether what it remembers still holds."""
    url = new_postgres_database("billing", create_store)
    ours, theirs = Database(url), Database(url)
    write(ours, CALLS)
    theirs.read(remembered)
    write(ours, HOSTS)
    found = theirs.read(meters_of_type)
    ours.close()
    theirs.close()
    assert found == {"api.call": (CALLS, HOSTS)}
