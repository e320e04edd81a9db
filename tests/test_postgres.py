"""The PostgreSQL of the tests: each test has a database of its own, migrated once."""

import sqlalchemy as sa

from tests.postgres import NewDatabase


def test_database_from_template_is_prepared_and_isolated(
    new_postgres_database: NewDatabase,
) -> None:
    """A database holds what its template was given, and nothing that a sibling wrote."""
    first, second = (new_postgres_database("isolation", _create_notes) for _ in range(2))
    _write(first, "only here")
    assert (_read(first), _read(second)) == (
        ["from the template", "only here"],
        ["from the template"],
    )


def test_template_is_prepared_once(new_postgres_database: NewDatabase) -> None:
    """Migrations run for the first database of a template only."""
    prepared: list[str] = []
    for _ in range(2):
        new_postgres_database("once", prepared.append)
    assert len(prepared) == 1


def _create_notes(url: str) -> None:
    _execute(url, "CREATE TABLE notes (body text)")
    _write(url, "from the template")


def _write(url: str, body: str) -> None:
    _execute(url, "INSERT INTO notes VALUES (:body)", body=body)


def _execute(url: str, statement: str, **values: str) -> None:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text(statement), values)


def _read(url: str) -> list[str]:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        return list(connection.scalars(sa.text("SELECT body FROM notes ORDER BY body")))
