"""What becomes of a text at the gateway, and that one fits into a message."""

import asyncio
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from services.registry.codes.domain import Channel, Outcome, Template, Text, new_code
from services.registry.codes.mail import MailServer
from services.registry.codes.wording import sentence, subject
from shared.ops.sms import Handed, NoSms, SmsFile, SmsGateway
from shared.store.event_log import new_id


@pytest.fixture
def gateway() -> Iterator[tuple[HTTPServer, list[Any], list[int]]]:
    """A gateway that answers with the statuses it is given, and notes what it gets."""
    taken: list[Any] = []
    answers: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            taken.append((self.headers["Authorization"], body))
            self.send_response(answers.pop(0))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server, taken, answers
    server.shutdown()
    thread.join()
    server.server_close()


async def test_a_gateway_gets_each_text_under_its_id_and_says_what_became_of_it(
    gateway: tuple[HTTPServer, list[Any], list[int]],
) -> None:
    server, taken, answers = gateway
    answers += [202, 400, 401, 408, 429, 500]
    sms = SmsGateway(f"http://127.0.0.1:{server.server_port}/send", "the key")
    text_id = new_id()
    outcomes = [await sms.send(text_id, "17000000001", "hello") for _ in range(6)]
    assert outcomes == [Handed.SENT, Handed.REFUSED, *[Handed.AWAY] * 4]
    assert taken[0] == ("Bearer the key", {"id": str(text_id), "to": "17000000001", "text": "hello"})


async def test_what_is_away_is_tried_again_and_what_can_never_be_sent_is_not() -> None:
    assert await SmsGateway("http://127.0.0.1:1/", "key").send(new_id(), "17000000001", "x") is Handed.AWAY
    assert await NoSms().send(new_id(), "17000000001", "x") is Handed.AWAY
    for mail in (MailServer("", 25, ""), MailServer("127.0.0.1", 1, "linbang@example.org")):
        assert await mail.send(new_id(), "somebody@example.org", "subject", "x") is Outcome.AWAY
    unwritable = MailServer("127.0.0.1", 1, "linbang@example.org")
    assert await unwritable.send(new_id(), "not an address", "subject", "x") is Outcome.REFUSED


async def test_a_file_shows_what_a_phone_would_to_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "local" / "sms.jsonl"
    await asyncio.gather(*(SmsFile(file).send(new_id(), "17000000001", f"验证码 {n}") for n in range(3)))
    texts = [json.loads(line)["text"] for line in file.read_text().splitlines()]
    assert sorted(texts) == ["验证码 0", "验证码 1", "验证码 2"]
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("template", Template)
def test_every_text_has_its_sentence_in_both_languages_and_is_short(template: Template) -> None:
    chinese, english = (Text(Channel.SMS, "", template, language, "51011500027301") for language in ("zh-CN", "en"))
    assert len(sentence(chinese)) <= 70
    assert len(sentence(english)) <= 3 * 153
    assert "邻帮" in sentence(chinese)
    assert "Linbang" in sentence(english)
    assert subject(chinese) != subject(english)


def test_codes_are_six_digits_and_hard_to_foresee() -> None:
    codes = {new_code() for _ in range(1000)}
    assert all(len(code) == 6 and code.isdecimal() for code in codes)
    assert len(codes) > 990
