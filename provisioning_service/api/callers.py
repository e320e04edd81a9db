"""Integrators and members as callers: found by their secret's keyed hash, checked in each read.

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
from provisioning_service.domain.member import MEMBER_SECRET_PREFIX, MemberView
from provisioning_service.domain.token import SECRET_PREFIX, NewSecret, Token
from provisioning_service.storage.holding_queries import find_member_by_secret
from provisioning_service.storage.queries import find_token_by_secret

# One process owns an embedded store, and forgets a caller as soon as its secret ends.
REMEMBERED_SECONDS_EMBEDDED = 3600.0
REMEMBERED_SECONDS_SHARED = 1.0


class SecretMint:
    """Makes secrets of integrator tokens and of members."""

    def __init__(self, keyed_hash: KeyedHash) -> None:
        self._hash = keyed_hash

    def new(self) -> NewSecret:
        """A secret that nobody can guess, with the hash that is kept of it."""
        return self._made(SECRET_PREFIX)

    def new_of_member(self) -> NewSecret:
        """A member's secret that nobody can guess, with the hash that is kept of it."""
        return self._made(MEMBER_SECRET_PREFIX)

    def _made(self, prefix: str) -> NewSecret:
        text = new_secret(prefix)
        return NewSecret(text, self._hash.of(text))


def is_member_secret(secret: str) -> bool:
    """Whether a secret is a member's by its form."""
    return secret.startswith(MEMBER_SECRET_PREFIX)


class StoredCallers:
    """Knows who holds an integrator's or a member's secret, from the store."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def find(self, secret: str, secret_hash: bytes) -> Caller | None:
        """The caller that holds the secret now; None if it is not active."""
        if is_member_secret(secret):
            view = await self._database.reading(lambda tx: find_member_by_secret(tx, secret_hash))
            return None if view is None else _member(view)
        now = self._clock.now()
        token = await self._database.reading(
            lambda tx: find_token_by_secret(tx, secret_hash, now=now)
        )
        return None if token is None else _integrator(token, secret_hash)


def remembered_callers(database: Database, clock: Clock) -> RememberedCallers:
    """The integrators and members of a store, remembered as long as the store's kind allows."""
    embedded = database.dialect == "sqlite"
    seconds = REMEMBERED_SECONDS_EMBEDDED if embedded else REMEMBERED_SECONDS_SHARED
    return RememberedCallers(StoredCallers(database, clock), seconds)


def check_still_active(tx: Transaction, caller: Caller, *, now: int) -> None:
    """Refuse an integrator or a member whose secret has ended by `now`, since it was recognised.

    Errors:  SecretNotActive.
    """
    if not caller.secret_hash:
        return
    found: object = None
    if caller.kind is CallerKind.MEMBER:
        found = find_member_by_secret(tx, caller.secret_hash)
    else:
        found = find_token_by_secret(tx, caller.secret_hash, now=now)
    if found is None:
        raise SecretNotActive


def _integrator(token: Token, secret_hash: bytes) -> Caller:
    in_overlap = token.secret_hash != secret_hash
    return Caller(
        kind=CallerKind.INTEGRATOR,
        name=token.account,
        account=token.account,
        token=str(token.rung),
        secret_hash=secret_hash,
        secret_expires_at=token.previous_secret_expires_at if in_overlap else None,
    )


def _member(view: MemberView) -> Caller:
    member = view.member
    return Caller(
        kind=CallerKind.MEMBER,
        name=member.account,
        account=member.account,
        member=member.id,
        secret_hash=member.secret_hash,
        is_principal=view.is_principal,
    )
