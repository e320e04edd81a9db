"""The store: brought up from nothing, equal to its tables, guarding what must be unique."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, select
from sqlalchemy.exc import IntegrityError

from billing_service.storage.schema import METADATA, configuration, upgrade
from billing_service.storage.tables import table
from chassis.database import Database
from tests.billing.builders import Billing


def _nothing(_url: str) -> None:
    """An empty database."""


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a store without a table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/empty.sqlite3"
    new: Callable[..., str] = request.getfixturevalue("new_postgres_database")
    return new("billing_empty", _nothing)


def test_upgrade_from_nothing_makes_the_tables_as_they_are_declared(empty: str) -> None:
    """Migrations and tables do not drift apart."""
    database = Database(empty)
    upgrade(database)
    with database.writing() as tx:
        context = MigrationContext.configure(tx.connection, opts={"compare_type": True})
        differences = compare_metadata(context, METADATA)
    database.close()
    assert differences == []


def test_upgrade_of_what_is_up_to_date_does_nothing(empty: str) -> None:
    """Each start upgrades, and changes nothing the second time."""
    database = Database(empty)
    upgrade(database)
    upgrade(database)
    tables = database.read(lambda tx: inspect(tx.connection).get_table_names())
    database.close()
    assert set(tables) == {*METADATA.tables, "alembic_version"}


def test_downgrade_leaves_nothing(empty: str) -> None:
    """The way back ends at an empty store."""
    database = Database(empty)
    upgrade(database)
    with database.writing() as tx:
        command.downgrade(configuration(tx), "base")
    tables = database.read(lambda tx: inspect(tx.connection).get_table_names())
    database.close()
    assert tables == ["alembic_version"]


def _invoiced(billing: Billing) -> None:
    billing.account()
    billing.subscribe("a")
    billing.go_to("2026-04-01 00:00:03")


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("charges", {"invoice": "other"}),
        ("charges", {"payer": "other"}),
        ("invoices", {"invoice": "other", "sequence": 99}),
        ("invoices", {"payer": "other", "invoice": "other"}),
        ("subscription_facts", {"effective_at": 1}),
    ],
)
def test_store_refuses_to_bill_twice(billing: Billing, name: str, changes: dict[str, Any]) -> None:
    """A second charge of a key, invoice of a month or use of a number breaks the transaction."""
    _invoiced(billing)
    rows = table(name)
    row = billing.database.read(lambda tx: tx.one(select(rows)))
    assert row is not None
    twin = {**row._mapping, **changes}
    with pytest.raises(IntegrityError), billing.database.writing() as tx:
        tx.insert(rows, [twin])


def test_closing_takes_as_many_statements_for_many_as_for_one(billing: Billing) -> None:
    """The number of statements does not grow with the subscriptions."""
    # The first close reads the catalogue, which is remembered from then on.
    for account, count in (("first", 1), ("acme", 1), ("bolt", 40)):
        billing.account(account)
        billing.subscribe(*(f"i{n}" for n in range(count)), account=account)
    _, one, many = (
        billing.statements_to_close(account, "2026-04-01 00:00")
        for account in ("first", "acme", "bolt")
    )
    assert one == many
