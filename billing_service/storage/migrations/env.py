"""Runs the migrations on the connection that is given; the caller commits."""

from alembic import context

from billing_service.storage.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    compare_type=True,
    render_as_batch=True,
    # The transaction is the caller's.
    transactional_ddl=False,
)
context.run_migrations()
