"""Passwords by argon2id (RFC 9106), off the event loop.

Invariant: checking takes the same work whether an account exists or not, and there are never more than ``WORKERS``
hashes (64 MiB each) at a time, however many people log in.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

WORKERS = 2


class Passwords:
    """Hashes and checks passwords in threads of its own."""

    def __init__(self) -> None:
        self._argon2 = PasswordHasher()
        self._threads = ThreadPoolExecutor(WORKERS, thread_name_prefix="argon2")
        self._nobody = self._argon2.hash("the password of an account that does not exist")

    async def hash(self, password: str) -> str:
        """Return a password's hash in PHC format."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._argon2.hash, password)

    async def match(self, password_hash: str | None, password: str) -> bool:
        """Return whether the password is the hash's; with None (no such account) take as long and say no."""
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, self._verify, password_hash or self._nobody, password
        ) and (password_hash is not None)

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._argon2.verify(password_hash, password)
        except VerificationError:
            return False
