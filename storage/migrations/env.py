"""Alembic's entry: migrates the connection that `database.py` hands over."""

from alembic import context

from storage.event_tables import Base

connection = context.config.attributes["connection"]
# render_as_batch: SQLite can't alter a column, Alembic copies the table instead.
context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
