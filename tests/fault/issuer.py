"""Who tests are logged in as: tokens signed as registry signs them, and the key set that services verify them by."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from types import TracebackType
from typing import Self
from uuid import UUID

from joserfc import jwt
from joserfc.jwk import OKPKey

from shared.contracts.actor import Role
from shared.contracts.tokens import ALGORITHM, ISSUER
from shared.store.event_log import new_id

_LIFETIME = 2 * 3600  # a service whose clock is an hour ahead must not find it out of date


class Issuer:
    """Signs tokens; serves its key set while in a ``with`` block."""

    def __init__(self) -> None:
        self._key = OKPKey.generate_key("Ed25519", {"kid": "fault", "use": "sig"})
        body = json.dumps({"keys": [self._key.as_dict(private=False)]}).encode()
        self._asked, self._answers = Event(), Event()
        self._answers.set()
        asked, answers = self._asked, self._answers

        class KeySet(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.set()
                answers.wait()
                with suppress(ConnectionError):  # whoever asked has given up
                    self.send_response(200)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Stay silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), KeySet)
        self._thread = Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @contextmanager
    def hanging(self) -> Iterator[Event]:
        """Take requests and answer none of them, as a stalled registry does; give what is set once one has come."""
        self._asked.clear()
        self._answers.clear()
        try:
            yield self._asked
        finally:
            self._answers.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/"

    def volunteer(self, district: str, volunteer_id: UUID) -> str:
        return self.token(district, Role.VOLUNTEER, account=volunteer_id, vid=str(volunteer_id))

    def admin(self, district: str, account: UUID) -> str:
        """Return a token of somebody who publishes activities and corrects records."""
        return self.token(district, Role.DISTRICT_ADMIN, account=account)

    def token(self, district: str, *roles: str, account: UUID | None = None, **claims: str) -> str:
        issued = {
            "iss": ISSUER,
            "sub": str(account or new_id()),
            "district": district,
            "roles": list(roles),
            "exp": int(time.time()) + _LIFETIME,
            **claims,
        }
        return jwt.encode({"alg": ALGORITHM, "kid": "fault"}, issued, self._key, algorithms=[ALGORITHM])
