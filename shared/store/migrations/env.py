"""Alembic's entry point. The connection is handed in by ``shared.store.migrate``.

Each revision is a transaction of its own, so that one may build an index while others write (``autocommit_block``).
"""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transaction_per_migration=True)
with context.begin_transaction():
    context.run_migrations()
