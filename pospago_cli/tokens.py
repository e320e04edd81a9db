"""`pospago token`: the ladder of an integrator's tokens."""

import click
from google.protobuf.duration_pb2 import Duration
from pospago.provisioning.v1 import token_pb2 as pb
from pospago.provisioning.v1.token_pb2_grpc import TokenServiceStub

from pospago_cli.accounts import ACCOUNT
from pospago_cli.session import Noun, Session, limit_option, pass_session, request_id_option
from pospago_cli.values import Length, ResourceName

TOKEN = ResourceName("accounts/{account}/tokens/{rung}")
COLUMNS = (
    "name band creations_max creations_used state secret_active secret_hint issue_time"
    " previous_secret_expire_time"
)


@click.group("token", cls=Noun)
def token() -> None:
    """Tokens: what an integrator creates instances with."""


@token.command("request")
@click.argument("account", type=ACCOUNT)
@request_id_option
@pass_session
def request_(session: Session, account: str, request_id: str) -> None:
    """Request ACCOUNT's next token; its secret is shown once."""
    request = pb.RequestTokenRequest(parent=account, request_id=request_id)
    answer = session.stub(TokenServiceStub).RequestToken(request)
    session.show(answer.token, answer=answer)
    session.show_secret(answer.secret)


@token.command("approve")
@click.argument("name", type=TOKEN)
@request_id_option
@pass_session
def approve(session: Session, name: str, request_id: str) -> None:
    """Approve a requested token; its secret is shown once."""
    request = pb.ApproveTokenRequest(name=name, request_id=request_id)
    answer = session.stub(TokenServiceStub).ApproveToken(request)
    session.show(answer.token, answer=answer)
    session.show_secret(answer.secret)


@token.command("decline")
@click.argument("name", type=TOKEN)
@request_id_option
@pass_session
def decline(session: Session, name: str, request_id: str) -> None:
    """Decline a requested token."""
    request = pb.DeclineTokenRequest(name=name, request_id=request_id)
    answer = session.stub(TokenServiceStub).DeclineToken(request)
    session.show(answer.token, answer=answer)


@token.command("get")
@click.argument("name", type=TOKEN)
@pass_session
def get(session: Session, name: str) -> None:
    """Show one token, never its secret."""
    answer = session.stub(TokenServiceStub).GetToken(pb.GetTokenRequest(name=name))
    session.show(answer.token, answer=answer)


@token.command("list")
@click.argument("account", type=ACCOUNT)
@limit_option
@pass_session
def list_(session: Session, account: str, limit: int) -> None:
    """List ACCOUNT's tokens."""
    request = pb.ListTokensRequest(parent=account)
    method = session.stub(TokenServiceStub).ListTokens
    session.list(method, request, of="tokens", columns=COLUMNS, limit=limit)


@token.command("rotate")
@click.argument("name", type=TOKEN)
@click.option(
    "--overlap",
    type=Length(longest="30d"),
    default=None,
    help="How long the old secret works on, such as 24h, up to 30d. [it ends at once]",
)
@request_id_option
@pass_session
def rotate(session: Session, name: str, *, overlap: Duration | None, request_id: str) -> None:
    """Give a token a new secret, shown once; the old one ends at once, or works on for a while."""
    request = pb.RotateTokenRequest(name=name, overlap=overlap, request_id=request_id)
    answer = session.stub(TokenServiceStub).RotateToken(request)
    session.show(answer.token, answer=answer)
    session.show_secret(answer.secret)


@token.command("revoke")
@click.argument("name", type=TOKEN)
@request_id_option
@pass_session
def revoke(session: Session, name: str, request_id: str) -> None:
    """End a token's secrets at once; its unused quota stays."""
    request = pb.RevokeTokenRequest(name=name, request_id=request_id)
    answer = session.stub(TokenServiceStub).RevokeToken(request)
    session.show(answer.token, answer=answer)
