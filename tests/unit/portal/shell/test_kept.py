"""A thousand strangers at once are one call, and nothing is kept for long."""

import asyncio

import pytest

from services.portal.shell.kept import SECONDS, Kept
from shared.http.upstream import AwayError


class Asked:
    def __init__(self) -> None:
        self.times = 0
        self.away = False

    async def __call__(self) -> int:
        self.times += 1
        await asyncio.sleep(0)
        if self.away:
            raise AwayError("activities")
        return self.times


async def test_of_many_at_once_one_asks_and_later_it_is_asked_anew() -> None:
    now, asked = [0.0], Asked()
    kept = Kept(lambda: now[0])
    assert set(await asyncio.gather(*(kept.get(("key",), asked) for _ in range(1000)))) == {1}
    now[0] = SECONDS - 0.1
    assert await kept.get(("key",), asked) == 1
    assert await kept.get(("other",), asked) == 2
    now[0] = SECONDS
    assert await kept.get(("key",), asked) == 3


async def test_a_failure_is_told_to_all_who_wait_and_not_kept() -> None:
    asked = Asked()
    kept = Kept(lambda: 0.0)
    asked.away = True
    failed = await asyncio.gather(*(kept.get(("key",), asked) for _ in range(3)), return_exceptions=True)
    assert [type(each) for each in failed] == [AwayError] * 3
    asked.away = False
    assert await kept.get(("key",), asked) == 2
    asked.away = True
    with pytest.raises(AwayError):
        await kept.get(("other",), asked)


async def test_what_has_changed_is_asked_anew() -> None:
    asked = Asked()
    kept = Kept(lambda: 0.0)
    assert [await kept.get(("shift", n), asked) for n in (1, 2)] == [1, 2]
    kept.forget("shift", 1)
    assert [await kept.get(("shift", n), asked) for n in (1, 2)] == [3, 2]
