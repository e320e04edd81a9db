"""Integrators as callers: found by the keyed hash of their secret, and checked again in each read.

What is remembered of a caller is only who it is. Whether the secret still works is decided anew by
every write in its transaction, and by every read on its snapshot. One in the overlap of a rotation
is not remembered, so that its end is judged by the clock at each call.
"""

from chassis.caller import Caller, CallerKind
from chassis.clock import Clock
from chassis.credentials import KeyedHash, new_secret
from chassis.database import Database, Transaction
from chassis.errors import SecretNotActive
from chassis.rpc.authentication import RememberedCallers
from provisioning_service.domain.token import SECRET_PREFIX, NewSecret
from provisioning_service.storage.queries import find_token_by_secret

# One process owns an embedded store, and forgets a caller as soon as its secret ends.
REMEMBERED_SECONDS_EMBEDDED = 3600.0
REMEMBERED_SECONDS_SHARED = 1.0


class SecretMint:
    """Makes secrets of integrator tokens."""

    def __init__(self, keyed_hash: KeyedHash) -> None:
        self._hash = keyed_hash

    def new(self) -> NewSecret:
        """A secret that nobody can guess, with the hash that is kept of it."""
        text = new_secret(SECRET_PREFIX)
        return NewSecret(text, self._hash.of(text))


class StoredTokens:
    """Knows who holds an integrator's secret, from the store."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def find(self, _secret: str, secret_hash: bytes) -> Caller | None:
        """The integrator that holds the secret now; None if it is not active."""
        now = self._clock.now()
        token = await self._database.reading(
            lambda tx: find_token_by_secret(tx, secret_hash, now=now)
        )
        if token is None:
            return None
        in_overlap = token.secret_hash != secret_hash
        return Caller(
            kind=CallerKind.INTEGRATOR,
            name=token.account,
            account=token.account,
            token=str(token.rung),
            secret_hash=secret_hash,
            secret_expires_at=token.previous_secret_expires_at if in_overlap else None,
        )


def remembered_callers(database: Database, clock: Clock) -> RememberedCallers:
    """The integrators of a store, remembered as long as the store's kind allows."""
    embedded = database.dialect == "sqlite"
    seconds = REMEMBERED_SECONDS_EMBEDDED if embedded else REMEMBERED_SECONDS_SHARED
    return RememberedCallers(StoredTokens(database, clock), seconds)


def check_still_active(tx: Transaction, caller: Caller, *, now: int) -> None:
    """Refuse an integrator whose secret has ended by `now`, since it was recognised.

    Errors:  SecretNotActive.
    """
    if caller.secret_hash and find_token_by_secret(tx, caller.secret_hash, now=now) is None:
        raise SecretNotActive
