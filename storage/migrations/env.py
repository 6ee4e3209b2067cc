"""Alembic's entry: migrates the connection that `database.py` hands over."""

from alembic import context

from storage.event_tables import Base

connection = context.config.attributes["connection"]
# render_as_batch: SQLite can't alter a column, Alembic copies the table instead.
# transactional_ddl: Alembic thinks that SQLite can't, but it can, and all that is read and made then happens under one
# write lock: two programs that start together must not both see the old tables.
context.configure(
    connection=connection, target_metadata=Base.metadata, render_as_batch=True, transactional_ddl=True
)
with context.begin_transaction():
    context.run_migrations()
