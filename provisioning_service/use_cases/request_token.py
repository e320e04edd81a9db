"""Requests the next token of the ladder."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from chassis.database import Transaction
from chassis.use_case import Effects, Event, UseCase
from provisioning_service.domain.events import TokenIssued, TokenRequested
from provisioning_service.domain.ladder import next_token, view_of
from provisioning_service.domain.programme import TokenApproval
from provisioning_service.domain.token import NewSecret, TokenView, issued_at_once
from provisioning_service.storage.facts import Facts, read_accounts
from provisioning_service.storage.saving import save
from provisioning_service.use_cases.checks import account_scope, check_secret


@dataclass(frozen=True, slots=True)
class RequestToken:
    """The command; the secret is used if the programme issues tokens at once."""

    account: str
    secret: NewSecret
    secret_hash: bytes


@dataclass(frozen=True, slots=True)
class TokenWithSecret:
    """A token with the secret to show once; empty if it got none."""

    token: TokenView
    secret: str


def _gather(tx: Transaction, commands: Sequence[RequestToken]) -> Facts:
    return read_accounts(tx, (each.account for each in commands))


def _decide(facts: Facts, command: RequestToken, now: int) -> Effects[TokenWithSecret]:
    check_secret(facts, command.account, command.secret_hash)
    programme = facts.integrator(command.account).programme
    tokens = facts.tokens_of(command.account)
    token = next_token(command.account, programme, tokens, now)
    asked = Event(command.account, TokenRequested(view_of(token, tokens)))
    if programme.token_approval is TokenApproval.MANUAL:
        waiting = TokenWithSecret(view_of(token, tokens), "")
        return Effects(waiting, changes=(token,), events=(asked,))
    given = view_of(issued_at_once(token, command.secret, now), tokens)
    return Effects(
        TokenWithSecret(given, command.secret.text),
        changes=(given.token,),
        events=(asked, Event(command.account, TokenIssued(given))),
    )


REQUEST_TOKEN: Final[UseCase[RequestToken, Facts, TokenWithSecret]] = UseCase(
    name="request_token", scope=account_scope, gather=_gather, decide=_decide, apply=save
)
