"""The store's shape: made from nothing, and equal to what the code expects; on both stores."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from provisioning_service.storage.schema import METADATA, upgrade
from tests.provisioning.builders import Service


def test_the_migrations_make_what_the_code_expects(service: Service) -> None:
    """A store brought up from nothing has the tables of the code, and no others."""
    with service.database.writing() as tx:
        context = MigrationContext.configure(tx.connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []


def test_a_store_that_is_up_to_date_stays(service: Service) -> None:
    """Bringing a store up to date twice changes nothing."""
    service.account()
    upgrade(service.database)
    assert service.facts().accounts.keys() == {"acme"}


def test_all_tables_are_made(service: Service) -> None:
    """Every table of the service is in the store."""
    with service.database.writing() as tx:
        made = set(inspect(tx.connection).get_table_names())
    assert made == {*METADATA.tables, "alembic_version"}
