"""Integrators as callers: found by the keyed hash of their secret, and checked again in each read.

What is remembered of a caller is only who it is. Whether the secret still works is decided anew by
every write in its transaction, and by every read on its snapshot.
"""

from chassis.caller import Caller, CallerKind
from chassis.credentials import KeyedHash, new_secret
from chassis.database import Database, Transaction
from chassis.errors import Unauthenticated
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

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, _secret: str, secret_hash: bytes) -> Caller | None:
        """The integrator that holds the secret now; None if it is not active."""
        token = await self._database.reading(lambda tx: find_token_by_secret(tx, secret_hash))
        if token is None:
            return None
        return Caller(
            kind=CallerKind.INTEGRATOR,
            name=token.account,
            account=token.account,
            token=str(token.rung),
            secret_hash=secret_hash,
        )


def remembered_callers(database: Database) -> RememberedCallers:
    """The integrators of a store, remembered as long as the store's kind allows."""
    embedded = database.dialect == "sqlite"
    seconds = REMEMBERED_SECONDS_EMBEDDED if embedded else REMEMBERED_SECONDS_SHARED
    return RememberedCallers(StoredTokens(database), seconds)


def check_still_active(tx: Transaction, caller: Caller) -> None:
    """Refuse an integrator whose secret has ended since it was recognised.

    Errors:  Unauthenticated.
    """
    if caller.secret_hash and find_token_by_secret(tx, caller.secret_hash) is None:
        raise Unauthenticated
