"""`pospago member`: who acts for an account, and which of them is its principal."""

from typing import Final

import click
from pospago.provisioning.v1 import member_pb2 as pb
from pospago.provisioning.v1.member_pb2_grpc import MemberServiceStub

from pospago_cli.accounts import ACCOUNT
from pospago_cli.session import Noun, Session, limit_option, pass_session, request_id_option
from pospago_cli.values import ResourceName

MEMBER: Final = ResourceName("accounts/{account}/members/{member}")
COLUMNS: Final = "name display_name email role is_principal secret_hint create_time"
ROLES: Final = click.Choice(["user", "admin"])


@click.group("member", cls=Noun)
def member() -> None:
    """Members: the people who act for an account."""


@member.command("create")
@click.argument("account", type=ACCOUNT)
@click.argument("member_id", metavar="ID")
@click.option("--display-name", default="", help="What people call it.")
@click.option("--email", default="", help="Its e-mail address.")
@click.option("--role", type=ROLES, default="user", help="What it may do. [user]")
@request_id_option
@pass_session
def create(
    session: Session,
    account: str,
    member_id: str,
    display_name: str,
    email: str,
    role: str,
    request_id: str,
) -> None:
    """Add a member to ACCOUNT; its secret is shown once."""
    request = pb.CreateMemberRequest(
        parent=account,
        member_id=member_id,
        member=pb.Member(display_name=display_name, email=email, role=f"ROLE_{role.upper()}"),
        request_id=request_id,
    )
    answer = session.stub(MemberServiceStub).CreateMember(request)
    session.show(answer.member, answer=answer)
    session.show_secret(answer.secret)


@member.command("get")
@click.argument("name", type=MEMBER)
@pass_session
def get(session: Session, name: str) -> None:
    """Show one member, also a removed one, never its secret."""
    answer = session.stub(MemberServiceStub).GetMember(pb.GetMemberRequest(name=name))
    session.show(answer.member, answer=answer)


@member.command("list")
@click.argument("account", type=ACCOUNT)
@limit_option
@pass_session
def list_(session: Session, account: str, limit: int) -> None:
    """List ACCOUNT's members."""
    request = pb.ListMembersRequest(parent=account)
    method = session.stub(MemberServiceStub).ListMembers
    session.list(method, request, of="members", columns=COLUMNS, limit=limit)


@member.command("update")
@click.argument("name", type=MEMBER)
@click.option("--display-name", default=None, help="What people call it.")
@click.option("--email", default=None, help="Its e-mail address.")
@click.option("--role", type=ROLES, default=None, help="What it may do.")
@request_id_option
@pass_session
def update(
    session: Session,
    name: str,
    display_name: str | None,
    email: str | None,
    role: str | None,
    request_id: str,
) -> None:
    """Change what is stated of a member; the rest stays."""
    stated = {
        "display_name": display_name,
        "email": email,
        "role": None if role is None else f"ROLE_{role.upper()}",
    }
    changed = {field: value for field, value in stated.items() if value is not None}
    if not changed:
        raise click.UsageError("State what to change: --display-name, --email or --role.")
    request = pb.UpdateMemberRequest(member={"name": name, **changed}, request_id=request_id)
    request.update_mask.paths.extend(changed)
    answer = session.stub(MemberServiceStub).UpdateMember(request)
    session.show(answer.member, answer=answer)


@member.command("remove")
@click.argument("name", type=MEMBER)
@request_id_option
@pass_session
def remove(session: Session, name: str, request_id: str) -> None:
    """Remove a member for good; its secret ends at once."""
    request = pb.RemoveMemberRequest(name=name, request_id=request_id)
    answer = session.stub(MemberServiceStub).RemoveMember(request)
    session.show(answer.member, answer=answer)


@member.command("rotate")
@click.argument("name", type=MEMBER)
@request_id_option
@pass_session
def rotate(session: Session, name: str, request_id: str) -> None:
    """Give a member a new secret, shown once; the old one ends at once."""
    request = pb.RotateMemberSecretRequest(name=name, request_id=request_id)
    answer = session.stub(MemberServiceStub).RotateMemberSecret(request)
    session.show(answer.member, answer=answer)
    session.show_secret(answer.secret)


@member.command("set-principal")
@click.argument("name", type=MEMBER)
@click.option("--reason", required=True, help="Why, for the record.")
@request_id_option
@pass_session
def set_principal(session: Session, name: str, *, reason: str, request_id: str) -> None:
    """Make a member the one who may change what its account is subscribed to."""
    request = pb.SetPrincipalRequest(name=name, reason=reason, request_id=request_id)
    answer = session.stub(MemberServiceStub).SetPrincipal(request)
    session.show(answer.member, answer=answer)
