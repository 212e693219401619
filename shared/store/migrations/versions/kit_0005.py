"""Policies go by a set of districts, so that an officer above them is a scope like any other.

A new database has all of this from ``kit_0001`` and ``secure``; one from before gets it here.
"""

from alembic import op
from sqlalchemy import text

from shared.store.ddl import OWN_DISTRICTS, SEEN_DISTRICTS

revision = "kit_0005"
down_revision = "kit_0004"
branch_labels = None
depends_on = None

FUNCTION = """
    CREATE OR REPLACE FUNCTION current_districts() RETURNS text[] LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
    DECLARE codes text := nullif(current_setting('app.districts', true), '');
    BEGIN
        IF codes IS NULL THEN
            RAISE EXCEPTION 'no district is set for this transaction' USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN string_to_array(codes, ',');
    END $$
"""
OF_ONE_DISTRICT = text("SELECT tablename FROM pg_policies WHERE schemaname = 'public' AND policyname = 'one_district'")


def upgrade() -> None:
    op.execute(FUNCTION)
    for table in op.get_bind().scalars(OF_ONE_DISTRICT).all():
        op.execute(f"ALTER POLICY one_district ON {table} USING ({SEEN_DISTRICTS}) WITH CHECK ({OWN_DISTRICTS})")
        op.execute(f"ALTER POLICY one_district ON {table} RENAME TO own_districts")
    op.execute("DROP FUNCTION IF EXISTS current_district()")
