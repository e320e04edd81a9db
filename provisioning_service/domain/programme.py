"""The integrator programme: its rules as data, and who takes part in it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from provisioning_service.domain.errors import InvalidProgramme
from provisioning_service.domain.token import Rung, Token, with_quota_warning

MICROSECONDS_PER_DAY: Final = 86_400_000_000
TRIAL_LENGTH_MIN_US: Final = 1_000_000
# A hundred years: past any trial, well inside what a stored instant can hold.
LENGTH_MAX_US: Final = 36_525 * MICROSECONDS_PER_DAY


class TokenApproval(Enum):
    """How a token comes to be usable after it was requested."""

    AUTOMATIC = "automatic"
    MANUAL = "manual"


class CancelledExpiry(Enum):
    """Which reading of "original expiry" holds for a cancelled instance."""

    MOVES_WITH_PAYMENTS = "moves_with_payments"
    FIXED_AT_CANCELLATION = "fixed_at_cancellation"


@dataclass(frozen=True, slots=True)
class Programme:
    """The rules for one integrator. The defaults are those of the programme's source."""

    ladder: tuple[Rung, ...] = (Rung(25, 1), Rung(25, 2), Rung(50, 3), Rung(0, 3))
    trial_length_us: int = 2 * MICROSECONDS_PER_DAY
    trial_length_max_us: int = 30 * MICROSECONDS_PER_DAY
    lapsed_trial_retention_us: int = MICROSECONDS_PER_DAY
    licences_min: int = 25
    token_approval: TokenApproval = TokenApproval.AUTOMATIC
    cancelled_expiry: CancelledExpiry = CancelledExpiry.MOVES_WITH_PAYMENTS
    unpaid_reaches_prepaid: bool = False
    plan: str = "integrator"
    migrated_band: int = 1
    # How much of a token's quota is used when a warning is told; 0: never.
    quota_warning_percent: int = 80
    # How long before a trial's end a warning is told; 0: never.
    trial_warning_us: int = MICROSECONDS_PER_DAY // 2
    # The day of the month up to which an unpaid month before is served.
    last_service_day: int = 10


@dataclass(frozen=True, slots=True)
class Integrator:
    """An account's place in the programme."""

    account: str
    programme: Programme
    prepaid_migrated: bool
    enrolled_at: int
    version: int

    @property
    def name(self) -> str:
        """The resource name."""
        return f"accounts/{self.account}/integrator"


def check_programme(programme: Programme) -> None:
    """Refuse a programme that contradicts itself."""
    ladder = programme.ladder
    if not ladder:
        raise InvalidProgramme("programme.ladder", "has no rung; give at least one")
    if any(rung.creations_max == 0 for rung in ladder[:-1]):
        raise InvalidProgramme(
            "programme.ladder", "only the last rung may be without limit (creations_max 0)"
        )
    if programme.trial_length_us < TRIAL_LENGTH_MIN_US:
        raise InvalidProgramme("programme.trial_length", "must be at least one second")
    if not programme.trial_length_us <= programme.trial_length_max_us <= LENGTH_MAX_US:
        raise InvalidProgramme(
            "programme.trial_length_max",
            "must be at least trial_length and at most a hundred years",
        )
    if not 0 <= programme.lapsed_trial_retention_us <= LENGTH_MAX_US:
        raise InvalidProgramme(
            "programme.lapsed_trial_retention", "must be from 0 to a hundred years"
        )


def tokens_under(programme: Programme, tokens: Iterable[Token]) -> tuple[Token, ...]:
    """The tokens that a new programme changes: limit and band, and a warning that is due now.

    Errors:  InvalidProgramme if a token's rung is gone or allows less than was used.
    """
    changed: list[Token] = []
    for token in tokens:
        if token.rung > len(programme.ladder):
            raise InvalidProgramme("programme.ladder", f"lacks rung {token.rung}, which is in use")
        rung = programme.ladder[token.rung - 1]
        if 0 < rung.creations_max < token.creations_used:
            raise InvalidProgramme(
                "programme.ladder",
                f"rung {token.rung} allows {rung.creations_max} creations, "
                f"{token.creations_used} are used",
            )
        after = token._replace(creations_max=rung.creations_max, band=rung.band)
        after = with_quota_warning(after, programme.quota_warning_percent)
        if after != token:
            changed.append(after._replace(version=token.version + 1))
    return tuple(changed)
