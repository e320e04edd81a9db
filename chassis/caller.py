"""Who makes a call: kind, name and, for those bound to one, the account."""

from dataclasses import dataclass, field
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

    The rest follows from these, and is told once, for callers are remembered and each call asks:
    `is_bound`, whether the caller belongs to one account and may touch no other; `key`, whose
    request ids they are, the account's or the credential's, never a secret; `actor`, the caller as
    events name it.
    """

    kind: CallerKind
    name: str
    account: str = ""
    token: str = ""
    member: str = ""
    secret_hash: bytes = b""
    secret_expires_at: int | None = None
    is_principal: bool = False
    is_bound: bool = field(init=False, compare=False, repr=False)
    key: str = field(init=False, compare=False, repr=False)
    actor: str = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Tell what follows from the rest."""
        is_bound = self.kind in BOUND_KINDS
        actor = self._named()
        object.__setattr__(self, "is_bound", is_bound)
        object.__setattr__(self, "actor", actor)
        object.__setattr__(self, "key", f"account/{self.account}" if is_bound else actor)

    def _named(self) -> str:
        match self.kind:
            case CallerKind.INTEGRATOR:
                return f"integrator/{self.account}"
            case CallerKind.MEMBER:
                return f"member/{self.account}/{self.member}"
            case CallerKind.SERVICE | CallerKind.OPERATOR:
                return f"{self.kind.name.lower()}/{self.name}"
