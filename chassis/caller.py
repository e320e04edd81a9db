"""Who makes a call: kind, name and, for those bound to one, the account."""

from dataclasses import dataclass
from enum import Enum
from typing import Final


class CallerKind(Enum):
    """The kinds of caller that the suite tells apart; the value is the contract's number."""

    SERVICE = 1
    OPERATOR = 2
    INTEGRATOR = 3
    MEMBER = 4


# Callers that belong to one account and may touch no other. No set: an enum is slow to hash.
BOUND_KINDS: Final = (CallerKind.INTEGRATOR, CallerKind.MEMBER)


@dataclass(frozen=True, slots=True)
class Caller:
    """A caller whose credential was found good.

    `account`, `token` and `member` are bare ids, empty where they do not apply. `secret_hash` is
    the keyed hash of an integrator's or a member's secret, so that a write can check again that it
    is active; `secret_expires_at` is set while the secret works on beside a newer one.
    `is_principal` tells whether a member is the one who may change what its account has.
    """

    kind: CallerKind
    name: str
    account: str = ""
    token: str = ""
    member: str = ""
    secret_hash: bytes = b""
    secret_expires_at: int | None = None
    is_principal: bool = False

    @property
    def is_bound(self) -> bool:
        """Whether the caller belongs to one account and may touch no other."""
        return self.kind in BOUND_KINDS

    @property
    def key(self) -> str:
        """Whose request ids they are: the account's, or the credential's. Never a secret."""
        if self.is_bound:
            return f"account/{self.account}"
        return f"{self.kind.name.lower()}/{self.name}"

    @property
    def actor(self) -> str:
        """The caller as events name it."""
        match self.kind:
            case CallerKind.INTEGRATOR:
                return f"integrator/{self.account}"
            case CallerKind.MEMBER:
                return f"member/{self.account}/{self.member}"
            case CallerKind.SERVICE | CallerKind.OPERATOR:
                return f"{self.kind.name.lower()}/{self.name}"
