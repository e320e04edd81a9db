"""Finds the caller behind a secret: operators and services here, integrators by who keeps them."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from chassis.caller import Caller
from chassis.credentials import CredentialBook, KeyedHash, is_local_secret
from chassis.errors import SecretNotActive, Unauthenticated

SECRET_LENGTH_MAX: Final = 512
_CALLERS_MAX: Final = 20_000


class Authenticator(Protocol):
    """Knows callers by their secrets."""

    async def authenticate(self, secret: str) -> Caller:
        """The caller that holds the secret; Unauthenticated, or SecretNotActive, if nobody does."""
        ...


class TokenKeeper(Protocol):
    """Knows who holds the secrets of integrator tokens and members."""

    async def find(self, secret: str, secret_hash: bytes) -> Caller | None:
        """The caller that holds the secret now, None if it is not active."""
        ...


@dataclass(frozen=True, slots=True)
class _Remembered:
    caller: Caller
    until: float


class RememberedCallers:
    """What a keeper said, remembered for a short while and forgotten on word of a change.

    An answer that was under way when something was forgotten is not remembered: it may be older
    than the change. Nor is one about a secret that will end by itself: it is asked about each time.
    """

    def __init__(
        self,
        keeper: TokenKeeper,
        seconds: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._keeper = keeper
        self._seconds = seconds
        self._monotonic = monotonic
        self._callers: OrderedDict[bytes, _Remembered] = OrderedDict()
        self._changes = 0

    async def find(self, secret: str, secret_hash: bytes) -> Caller | None:
        """The caller that holds the secret, as known at most `seconds` ago."""
        now = self._monotonic()
        known = self._callers.get(secret_hash)
        if known is not None and now < known.until:
            return known.caller
        changes = self._changes
        caller = await self._keeper.find(secret, secret_hash)
        lasts = caller is not None and caller.secret_expires_at is None
        if caller is not None and lasts and changes == self._changes:
            self._callers[secret_hash] = _Remembered(caller, now + self._seconds)
            self._callers.move_to_end(secret_hash)
            if len(self._callers) > _CALLERS_MAX:
                self._callers.popitem(last=False)
        return caller

    def forget_account(self, account: str) -> None:
        """Ask the keeper again for all callers of the account."""
        self._changes += 1
        for secret_hash in [
            each for each, known in self._callers.items() if known.caller.account == account
        ]:
            del self._callers[secret_hash]

    def forget_all(self) -> None:
        """Ask the keeper again for everybody."""
        self._changes += 1
        self._callers.clear()


class BearerAuthenticator:
    """Judges operators and services by the book, all others by the keeper of tokens."""

    def __init__(self, book: CredentialBook, keyed_hash: KeyedHash, keeper: TokenKeeper) -> None:
        self._book = book
        self._hash = keyed_hash
        self._keeper = keeper

    async def authenticate(self, secret: str) -> Caller:
        """The caller that holds the secret; Unauthenticated, or SecretNotActive, if nobody does."""
        if not secret:
            raise Unauthenticated
        if len(secret) > SECRET_LENGTH_MAX:
            raise SecretNotActive
        if is_local_secret(secret):
            caller = self._book.find(secret)
        else:
            caller = await self._keeper.find(secret, self._hash.of(secret))
        if caller is None:
            raise SecretNotActive
        return caller
