"""Approves, declines, rotates and revokes tokens: one rung changes, and one event tells it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from chassis.database import Transaction
from chassis.use_case import Effects, Event, UseCase
from provisioning_service.domain.events import (
    TokenDeclined,
    TokenIssued,
    TokenRevoked,
    TokenRotated,
)
from provisioning_service.domain.ladder import token_of_rung, view_of
from provisioning_service.domain.token import (
    NewSecret,
    Token,
    TokenView,
    declined,
    issued,
    revoked,
    rotated,
)
from provisioning_service.storage.facts import Facts, read_accounts
from provisioning_service.storage.saving import save
from provisioning_service.use_cases.checks import account_scope, check_secret
from provisioning_service.use_cases.request_token import TokenWithSecret


@dataclass(frozen=True, slots=True)
class ChangeToken:
    """The command for a rung, with the secret that it may get.

    `overlap_end_at` is until when the secret before works on, by the real clock; None: it ends.
    """

    account: str
    rung: int
    secret: NewSecret
    secret_hash: bytes
    overlap_end_at: int | None = None


@dataclass(frozen=True, slots=True)
class _Change:
    """What happens to the token, what tells it, and whether the secret is used."""

    change: Callable[[Token, ChangeToken, int], Token]
    told_as: Callable[[TokenView], object]
    gives_secret: bool


def _gather(tx: Transaction, commands: Sequence[ChangeToken]) -> Facts:
    return read_accounts(tx, (each.account for each in commands))


def _use_case(name: str, change: _Change) -> UseCase[ChangeToken, Facts, TokenWithSecret]:
    def decide(facts: Facts, command: ChangeToken, now: int) -> Effects[TokenWithSecret]:
        check_secret(facts, command.account, command.secret_hash)
        tokens = facts.tokens_of(command.account)
        before = token_of_rung(command.account, tokens, command.rung)
        view = view_of(change.change(before, command, now), tokens)
        return Effects(
            TokenWithSecret(view, command.secret.text if change.gives_secret else ""),
            changes=(view.token,),
            events=(Event(command.account, change.told_as(view)),),
        )

    return UseCase(name=name, scope=account_scope, gather=_gather, decide=decide, apply=save)


APPROVE_TOKEN: Final = _use_case(
    "approve_token",
    _Change(
        lambda token, command, now: issued(token, command.secret, now),
        TokenIssued,
        gives_secret=True,
    ),
)
DECLINE_TOKEN: Final = _use_case(
    "decline_token",
    _Change(lambda token, _command, _now: declined(token), TokenDeclined, gives_secret=False),
)
ROTATE_TOKEN: Final = _use_case(
    "rotate_token",
    _Change(
        lambda token, command, _now: rotated(
            token, command.secret, overlap_end_at=command.overlap_end_at
        ),
        TokenRotated,
        gives_secret=True,
    ),
)
REVOKE_TOKEN: Final = _use_case(
    "revoke_token",
    _Change(lambda token, _command, _now: revoked(token), TokenRevoked, gives_secret=False),
)
