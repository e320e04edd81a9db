"""Integrator tokens: one rung of a ladder of quotas each, and the secret that goes with it."""

from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple

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


class Token(NamedTuple):
    """A rung in the hands of an integrator. A tuple, as each creation makes another one.

    Shapes:  `secret_hash` is empty while no secret works; the `previous_secret_…` fields tell of
             the secret before it, which works on until `previous_secret_expires_at`, by the real
             clock: empty and None where there is none; `quota_warned` once that was told.
    """

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
    previous_secret_hash: bytes = b""
    previous_secret_hint: str = ""
    previous_secret_expires_at: int | None = None
    quota_warned: bool = False

    @property
    def name(self) -> str:
        """The resource name."""
        return f"accounts/{self.account}/tokens/{self.rung}"

    @property
    def used_up(self) -> bool:
        """Whether its creations are all served."""
        return 0 < self.creations_max <= self.creations_used

    def has_reached(self, percent: int) -> bool:
        """Whether so much of a limited quota is used; never for 0 percent."""
        return 0 < percent * self.creations_max <= 100 * self.creations_used


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
    return token._replace(
        status=TokenStatus.ISSUED,
        secret_hash=secret.hash,
        secret_hint=secret.hint,
        issued_at=now,
        version=token.version + 1,
    )


def issued_at_once(token: Token, secret: NewSecret, now: int) -> Token:
    """A token requested and issued in one go, so that its issue is no change of its own."""
    return issued(token, secret, now)._replace(version=token.version)


def declined(token: Token) -> Token:
    """A requested token that will not be issued."""
    _must_be_requested(token)
    return token._replace(status=TokenStatus.DECLINED, version=token.version + 1)


def rotated(token: Token, secret: NewSecret, *, overlap_end_at: int | None = None) -> Token:
    """The token with another secret; the one before ends, or works on until `overlap_end_at`.

    A secret that worked on from an earlier rotation ends: there are never more than two.
    """
    _must_be_issued(token)
    before = _without_previous_secret(token)
    if overlap_end_at is not None and token.secret_hash:
        before = token._replace(
            previous_secret_hash=token.secret_hash,
            previous_secret_hint=token.secret_hint,
            previous_secret_expires_at=overlap_end_at,
        )
    return before._replace(
        secret_hash=secret.hash, secret_hint=secret.hint, version=token.version + 1
    )


def revoked(token: Token) -> Token:
    """The token without a secret; rung and quota stay."""
    _must_be_issued(token)
    return _without_previous_secret(token)._replace(secret_hash=b"", version=token.version + 1)


def shown_at(token: Token, now: int) -> Token:
    """The token as it is shown at an instant of the real clock: no secret that ended by then."""
    ends_at = token.previous_secret_expires_at
    return token if ends_at is None or now < ends_at else _without_previous_secret(token)


def with_quota_warning(token: Token, percent: int) -> Token:
    """The token with its warning told, if so much of its quota is used; else itself.

    A token is warned of once, whatever becomes of its quota or of the percentage afterwards.
    """
    is_issued = token.status is TokenStatus.ISSUED
    is_due = is_issued and not token.quota_warned and token.has_reached(percent)
    return token._replace(quota_warned=True) if is_due else token


def _without_previous_secret(token: Token) -> Token:
    return token._replace(
        previous_secret_hash=b"",
        previous_secret_hint="",
        previous_secret_expires_at=None,
    )


def _must_be_requested(token: Token) -> None:
    if token.status is not TokenStatus.REQUESTED:
        raise TokenNotRequested(token.name, token.status.value)


def _must_be_issued(token: Token) -> None:
    if token.status is not TokenStatus.ISSUED:
        raise TokenNotIssued(token.name, token.status.value)
