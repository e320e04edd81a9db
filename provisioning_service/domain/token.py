"""Integrator tokens: one rung of a ladder of quotas each, and the secret that goes with it."""

from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from provisioning_service.domain.errors import TokenNotIssued, TokenNotRequested

# Tells whose secret a text is, also to secret scanners.
SECRET_PREFIX: Final = "pspg_it_"  # noqa: S105 - how secrets begin, not one
HINT_LENGTH: Final = 12


@dataclass(frozen=True, slots=True)
class Rung:
    """One rung as a rule: how many creations (0: without limit), in which tariff band."""

    creations_max: int
    band: int


class TokenStatus(Enum):
    """What was decided about a token. The state shown follows from it and from the others."""

    REQUESTED = "requested"
    ISSUED = "issued"
    DECLINED = "declined"


class TokenState(Enum):
    """The state shown of a token."""

    REQUESTED = "requested"
    WAITING = "waiting"
    ACTIVE = "active"
    USED_UP = "used_up"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A secret just made: the text for its holder, the keyed hash for the store."""

    text: str
    hash: bytes

    @property
    def hint(self) -> str:
        """The first characters, to recognise it by."""
        return self.text[:HINT_LENGTH]


@dataclass(frozen=True, slots=True)
class Token:
    """A rung in the hands of an integrator. `secret_hash` is empty while no secret works."""

    account: str
    rung: int
    band: int
    creations_max: int
    creations_used: int
    status: TokenStatus
    secret_hash: bytes
    secret_hint: str
    requested_at: int
    issued_at: int | None
    version: int

    @property
    def name(self) -> str:
        """The resource name."""
        return f"accounts/{self.account}/tokens/{self.rung}"

    @property
    def used_up(self) -> bool:
        """Whether its creations are all served."""
        return 0 < self.creations_max <= self.creations_used


@dataclass(frozen=True, slots=True)
class TokenView:
    """A token with the state that is shown of it."""

    token: Token
    state: TokenState


def requested(account: str, number: int, rung: Rung, now: int) -> Token:
    """A token just requested, without a secret."""
    return Token(
        account=account,
        rung=number,
        band=rung.band,
        creations_max=rung.creations_max,
        creations_used=0,
        status=TokenStatus.REQUESTED,
        secret_hash=b"",
        secret_hint="",
        requested_at=now,
        issued_at=None,
        version=1,
    )


def issued(token: Token, secret: NewSecret, now: int) -> Token:
    """A requested token with its first secret."""
    _must_be_requested(token)
    return replace(
        token,
        status=TokenStatus.ISSUED,
        secret_hash=secret.hash,
        secret_hint=secret.hint,
        issued_at=now,
        version=token.version + 1,
    )


def issued_at_once(token: Token, secret: NewSecret, now: int) -> Token:
    """A token requested and issued in one go, so that its issue is no change of its own."""
    return replace(issued(token, secret, now), version=token.version)


def declined(token: Token) -> Token:
    """A requested token that will not be issued."""
    _must_be_requested(token)
    return replace(token, status=TokenStatus.DECLINED, version=token.version + 1)


def rotated(token: Token, secret: NewSecret) -> Token:
    """The token with another secret; the one before ends."""
    _must_be_issued(token)
    return replace(
        token, secret_hash=secret.hash, secret_hint=secret.hint, version=token.version + 1
    )


def revoked(token: Token) -> Token:
    """The token without a secret; rung and quota stay."""
    _must_be_issued(token)
    return replace(token, secret_hash=b"", version=token.version + 1)


def _must_be_requested(token: Token) -> None:
    if token.status is not TokenStatus.REQUESTED:
        raise TokenNotRequested(token.name, token.status.value)


def _must_be_issued(token: Token) -> None:
    if token.status is not TokenStatus.ISSUED:
        raise TokenNotIssued(token.name, token.status.value)
