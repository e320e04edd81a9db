"""`pospago account`: who is who."""

import click
from pospago.provisioning.v1 import account_pb2 as pb
from pospago.provisioning.v1.account_pb2_grpc import AccountServiceStub

from pospago_cli.session import Noun, Session, limit_option, pass_session, request_id_option
from pospago_cli.values import ResourceName

ACCOUNT = ResourceName("accounts/{account}")
SANDBOX = ResourceName("sandboxes/{sandbox}")
COLUMNS = "name display_name time_zone parent_account sandbox create_time"


@click.group("account", cls=Noun)
def account() -> None:
    """Accounts: the companies that are provisioned and billed."""


@account.command("create")
@click.argument("account_id", metavar="ID")
@click.option("--display-name", default="", help="What people call it.")
@click.option("--time-zone", default="", help="IANA zone of its civil days. [America/Sao_Paulo]")
@click.option("--parent", type=ACCOUNT, default=None, help="The account above it.")
@click.option("--sandbox", type=SANDBOX, default=None, help="The sandbox it lives in.")
@request_id_option
@pass_session
def create(
    session: Session,
    account_id: str,
    display_name: str,
    time_zone: str,
    parent: str | None,
    sandbox: str | None,
    request_id: str,
) -> None:
    """Create an account called ID."""
    wanted = pb.Account(
        display_name=display_name,
        time_zone=time_zone,
        parent_account=parent or "",
        sandbox=sandbox or "",
    )
    request = pb.CreateAccountRequest(account_id=account_id, account=wanted, request_id=request_id)
    answer = session.stub(AccountServiceStub).CreateAccount(request)
    session.show(answer.account, answer=answer)


@account.command("get")
@click.argument("name", type=ACCOUNT)
@pass_session
def get(session: Session, name: str) -> None:
    """Show one account."""
    answer = session.stub(AccountServiceStub).GetAccount(pb.GetAccountRequest(name=name))
    session.show(answer.account, answer=answer)


@account.command("list")
@click.option("--sandbox", type=SANDBOX, default=None, help="Those in this sandbox.")
@click.option("--parent", type=ACCOUNT, default=None, help="Only children of this account.")
@limit_option
@pass_session
def list_(session: Session, sandbox: str | None, parent: str | None, limit: int) -> None:
    """List accounts: those of the real world, or of a sandbox."""
    request = pb.ListAccountsRequest(sandbox=sandbox or "", parent_account=parent or "")
    method = session.stub(AccountServiceStub).ListAccounts
    session.list(method, request, of="accounts", columns=COLUMNS, limit=limit)
