"""TokenService, and tokens as the contract tells them."""

from collections.abc import Callable
from typing import Any, Final

from pospago.provisioning.v1 import token_pb2 as pb

from chassis.clock import Clock
from chassis.entry import Encoded
from chassis.rpc.authentication import RememberedCallers
from chassis.rpc.call import Call
from chassis.rpc.names import NamePattern, account_id
from chassis.rpc.writes import Writes, once, whole
from chassis.use_case import UseCase
from provisioning_service.api.callers import SecretMint
from provisioning_service.api.reading import Reads
from provisioning_service.api.times import from_proto_duration, to_proto_timestamp
from provisioning_service.domain.ladder import Tokens as LadderTokens
from provisioning_service.domain.ladder import token_of_rung, view_of
from provisioning_service.domain.token import Token, TokenState, TokenView, shown_at
from provisioning_service.storage.queries import tokens_of
from provisioning_service.use_cases.change_token import (
    APPROVE_TOKEN,
    DECLINE_TOKEN,
    REVOKE_TOKEN,
    ROTATE_TOKEN,
    ChangeToken,
)
from provisioning_service.use_cases.request_token import (
    REQUEST_TOKEN,
    RequestToken,
    TokenWithSecret,
)

TOKEN: Final = NamePattern("accounts/{account}/tokens/{rung}")

_STATES: Final = {
    TokenState.REQUESTED: pb.Token.STATE_REQUESTED,
    TokenState.WAITING: pb.Token.STATE_WAITING,
    TokenState.ACTIVE: pb.Token.STATE_ACTIVE,
    TokenState.USED_UP: pb.Token.STATE_USED_UP,
    TokenState.DECLINED: pb.Token.STATE_DECLINED,
}


class Tokens:
    """The servicer of TokenService."""

    def __init__(
        self,
        writes: Writes,
        reads: Reads,
        clock: Clock,
        mint: SecretMint,
        callers: RememberedCallers,
    ) -> None:
        self._writes = writes
        self._reads = reads
        self._clock = clock
        self._mint = mint
        self._callers = callers

    async def RequestToken(self, request: pb.RequestTokenRequest, call: Call) -> bytes:
        """Request the next token of the ladder."""
        account = account_id(request.parent, "parent")
        command = RequestToken(account, self._mint.new(), call.caller.secret_hash)
        return await self._writes.run(call, REQUEST_TOKEN, command, _REQUESTED)

    async def ApproveToken(self, request: pb.ApproveTokenRequest, call: Call) -> bytes:
        """Approve a requested token."""
        return await self._change(request.name, call, APPROVE_TOKEN, _APPROVED)

    async def DeclineToken(self, request: pb.DeclineTokenRequest, call: Call) -> bytes:
        """Decline a requested token."""
        return await self._change(request.name, call, DECLINE_TOKEN, _DECLINED)

    async def RotateToken(self, request: pb.RotateTokenRequest, call: Call) -> bytes:
        """Give a token a new secret; the old one works on for the overlap, in real time."""
        overlap_us = from_proto_duration(request.overlap)
        overlap_end_at = self._clock.now() + overlap_us if overlap_us else None
        return await self._change(
            request.name, call, ROTATE_TOKEN, _ROTATED, overlap_end_at=overlap_end_at
        )

    async def RevokeToken(self, request: pb.RevokeTokenRequest, call: Call) -> bytes:
        """End a token's secrets."""
        return await self._change(request.name, call, REVOKE_TOKEN, _REVOKED)

    async def GetToken(self, request: pb.GetTokenRequest, call: Call) -> pb.GetTokenResponse:
        """Give one token."""
        account, rung = TOKEN.parse(request.name)
        tokens = await self._reads.run(call, lambda tx: tokens_of(tx, account))
        token = token_of_rung(account, tokens, int(rung))
        return pb.GetTokenResponse(token=to_proto_token(self._view(token, tokens)))

    async def ListTokens(self, request: pb.ListTokensRequest, call: Call) -> pb.ListTokensResponse:
        """Give a page of an account's tokens."""
        page = self._reads.page(request)
        account = account_id(request.parent, "parent")
        tokens = await self._reads.run(call, lambda tx: tokens_of(tx, account))
        views = [self._view(each, tokens) for each in tokens.values()]
        wanted = [
            each
            for each in views
            if each.token.rung > int(page.after or 0)
            and (not request.states or _STATES[each.state] in request.states)
        ]
        entries, token = page.cut(wanted, lambda each: str(each.token.rung))
        return pb.ListTokensResponse(tokens=map(to_proto_token, entries), next_page_token=token)

    async def _change(
        self,
        name: str,
        call: Call,
        use_case: UseCase[ChangeToken, Any, TokenWithSecret],
        encode: Callable[[TokenWithSecret], Encoded],
        *,
        overlap_end_at: int | None = None,
    ) -> bytes:
        account, rung = TOKEN.parse(name)
        secret = self._mint.new()
        command = ChangeToken(account, int(rung), secret, call.caller.secret_hash, overlap_end_at)
        try:
            return await self._writes.run(call, use_case, command, encode)
        finally:
            # Before anyone is told that a secret ended, nobody is recognised by it any more.
            self._callers.forget_account(account)

    def _view(self, token: Token, tokens: LadderTokens) -> TokenView:
        """A token as it is shown now."""
        return view_of(shown_at(token, self._clock.now()), tokens)


def to_proto_token(view: TokenView) -> pb.Token:
    """A token as the contract tells it, never with its secret."""
    token = view.token
    return pb.Token(
        name=token.name,
        rung=token.rung,
        band=token.band,
        creations_max=token.creations_max,
        creations_used=token.creations_used,
        state=_STATES[view.state],
        secret_active=bool(token.secret_hash),
        secret_hint=token.secret_hint,
        request_time=to_proto_timestamp(token.requested_at),
        issue_time=to_proto_timestamp(token.issued_at),
        etag=str(token.version),
        previous_secret_expire_time=to_proto_timestamp(token.previous_secret_expires_at),
        previous_secret_hint=token.previous_secret_hint,
    )


def _once(response: Any) -> Callable[[TokenWithSecret], Encoded]:
    """An `encode` for an answer with a token, whose secret is told once."""
    return once(
        lambda result: response(token=to_proto_token(result.token), secret=result.secret),
        lambda result: response(token=to_proto_token(result.token)),
    )


def _whole(response: Any) -> Callable[[TokenWithSecret], Encoded]:
    """An `encode` for an answer with a token and no secret."""
    return whole(lambda result: response(token=to_proto_token(result.token)))


_REQUESTED: Final = _once(pb.RequestTokenResponse)
_APPROVED: Final = _once(pb.ApproveTokenResponse)
_ROTATED: Final = _once(pb.RotateTokenResponse)
_DECLINED: Final = _whole(pb.DeclineTokenResponse)
_REVOKED: Final = _whole(pb.RevokeTokenResponse)
