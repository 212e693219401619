"""Whatever a process or a library logs is one JSON object a line, and quotes nobody."""

import json
import subprocess
import sys

PERSON = "张测试"
PROGRAM = f"""
import asyncio, logging, warnings
import structlog
from shared.ops.logging import configure
from shared.ops.tracing import continue_trace

configure("registry")
continue_trace("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
structlog.get_logger().info("done", rows=3)

def refuse():
    raise ValueError("Key (name)=({PERSON}) already exists")

try:
    refuse()
except ValueError:
    logging.getLogger("sqlalchemy.pool").exception("a connection failed\\nDETAIL: {PERSON}")
warnings.warn("old")

async def forget():
    await asyncio.wait([asyncio.create_task(asyncio.to_thread(refuse))])

asyncio.run(forget())
import gc; gc.collect()
refuse()
"""


def test_every_line_is_json_of_one_form_and_no_exception_speaks() -> None:
    process = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert process.returncode == 1
    assert PERSON not in process.stdout + process.stderr
    assert process.stderr == ""
    own, library, warning, forgotten, end = (json.loads(line) for line in process.stdout.splitlines())
    assert (own["event"], own["rows"], own["level"], own["service"]) == ("done", 3, "info", "registry")
    assert (own["trace_id"], own["span_id"]) == ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")
    assert (library["event"], library["logger"], library["error"]) == (
        "a connection failed",
        "sqlalchemy.pool",
        "ValueError",
    )
    assert library["places"][-1].endswith("refuse")
    assert (warning["logger"], warning["level"]) == ("py.warnings", "warning")
    assert (forgotten["event"], forgotten["error"]) == ("Task exception was never retrieved", "ValueError")
    assert (end["event"], end["error"], end["level"]) == ("ended by a fault", "ValueError", "critical")
