"""The ladder: which token is next, which one creates, and what a creation costs."""

import hmac
from collections.abc import Mapping

from chassis.errors import SecretNotActive
from provisioning_service.domain.errors import (
    LadderComplete,
    QuotaUsedUp,
    TokenAlreadyRequested,
    TokenNotFound,
    TokenNotYetUsable,
)
from provisioning_service.domain.programme import Programme
from provisioning_service.domain.token import (
    Token,
    TokenState,
    TokenStatus,
    TokenView,
    requested,
)

Tokens = Mapping[int, Token]
"""An account's tokens by rung."""


def state_of(token: Token, tokens: Tokens) -> TokenState:
    """The state shown of one of an account's tokens."""
    match token.status:
        case TokenStatus.REQUESTED:
            return TokenState.REQUESTED
        case TokenStatus.DECLINED:
            return TokenState.DECLINED
        case TokenStatus.ISSUED if token.used_up:
            return TokenState.USED_UP
        case _:
            ahead = _with_quota_before(token, tokens)
            return TokenState.ACTIVE if ahead is None else TokenState.WAITING


def view_of(token: Token, tokens: Tokens) -> TokenView:
    """A token with the state shown of it; `tokens` may hold an older version of it."""
    return TokenView(token, state_of(token, tokens))


def _with_quota_before(token: Token, tokens: Tokens) -> Token | None:
    """The token of an earlier rung that still has quota, if there is one."""
    for rung in range(1, token.rung):
        earlier = tokens.get(rung)
        if earlier is not None and not earlier.used_up:
            return earlier
    return None


def next_token(account: str, programme: Programme, tokens: Tokens, now: int) -> Token:
    """The token to request next: after a declined one the same rung again.

    Errors:  TokenAlreadyRequested while the newest one is still ahead of its use; LadderComplete
             after the last rung.
    """
    newest = tokens[max(tokens)]
    if newest.status is TokenStatus.DECLINED:
        again = requested(account, newest.rung, programme.ladder[newest.rung - 1], now)
        return again._replace(version=newest.version + 1)
    state = state_of(newest, tokens)
    if state in {TokenState.REQUESTED, TokenState.WAITING}:
        raise TokenAlreadyRequested(newest.name, state.value)
    if newest.rung == len(programme.ladder):
        raise LadderComplete(newest.name)
    number = newest.rung + 1
    return requested(account, number, programme.ladder[number - 1], now)


def token_of_secret(tokens: Tokens, secret_hash: bytes) -> Token:
    """The token whose secret the caller holds, be it the one before in its overlap.

    When an overlap is over was judged by the real clock as the call came, for what is decided here
    may live by a sandbox's.

    Errors:  SecretNotActive if the secret was ended since the caller was recognised.
    """
    for token in tokens.values():
        for kept in (token.secret_hash, token.previous_secret_hash):
            if hmac.compare_digest(kept, secret_hash):
                return token
    raise SecretNotActive


def token_of_rung(account: str, tokens: Tokens, rung: int) -> Token:
    """The token of a rung.

    Errors:  TokenNotFound.
    """
    token = tokens.get(rung)
    if token is None:
        raise TokenNotFound(f"accounts/{account}/tokens/{rung}")
    return token


def with_creation(token: Token, tokens: Tokens) -> Token:
    """The token after one more creation.

    Errors:  QuotaUsedUp, TokenNotYetUsable; a refused creation costs nothing.
    """
    if token.used_up:
        following = tokens.get(token.rung + 1)
        usable = following is not None and following.status is TokenStatus.ISSUED
        raise QuotaUsedUp(
            token.name,
            limit=token.creations_max,
            used=token.creations_used,
            following=following.name if following is not None and usable else "",
        )
    ahead = _with_quota_before(token, tokens)
    if ahead is not None:
        raise TokenNotYetUsable(token.name, ahead.name)
    return token._replace(creations_used=token.creations_used + 1, version=token.version + 1)
