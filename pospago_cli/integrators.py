"""`pospago integrator`: who takes part in the integrator programme."""

import click
from google.protobuf.duration_pb2 import Duration
from pospago.provisioning.v1 import integrator_pb2 as pb
from pospago.provisioning.v1.integrator_pb2_grpc import IntegratorServiceStub

from pospago_cli.accounts import ACCOUNT, SANDBOX
from pospago_cli.session import Noun, Session, limit_option, pass_session, request_id_option
from pospago_cli.values import Length, ResourceName

COLUMNS = "name programme.plan programme.licences_min prepaid_migrated enrol_time"


@click.group("integrator", cls=Noun)
def integrator() -> None:
    """Integrators: accounts enrolled in the programme."""


@integrator.command("enrol")
@click.argument("account", type=ACCOUNT)
@click.option("--migrate-prepaid", is_flag=True, help="Take all active prepaid instances along.")
@click.option("--licences-min", type=int, default=0, help="Licences needed to enrol. [25]")
@click.option("--trial", "trial_length", type=Length(), default=None, help="Length of trials. [2d]")
@click.option("--manual-approval", is_flag=True, help="Further tokens wait for an operator.")
@click.option("--plan", type=ResourceName("plans/{plan}"), default=None, help="[plans/integrator]")
@request_id_option
@pass_session
def enrol(
    session: Session,
    account: str,
    *,
    migrate_prepaid: bool,
    licences_min: int,
    trial_length: Duration | None,
    manual_approval: bool,
    plan: str | None,
    request_id: str,
) -> None:
    """Enrol ACCOUNT, and show the secret of its first token once."""
    programme = pb.Programme(
        licences_min=licences_min,
        trial_length=trial_length,
        token_approval=(
            pb.Programme.TOKEN_APPROVAL_MANUAL
            if manual_approval
            else pb.Programme.TOKEN_APPROVAL_UNSPECIFIED
        ),
        plan=plan or "",
    )
    request = pb.EnrolIntegratorRequest(
        account=account, migrate_prepaid=migrate_prepaid, programme=programme, request_id=request_id
    )
    answer = session.stub(IntegratorServiceStub).EnrolIntegrator(request)
    session.show(answer.token, answer=answer)
    session.show_secret(answer.secret)


@integrator.command("get")
@click.argument("account", type=ACCOUNT)
@pass_session
def get(session: Session, account: str) -> None:
    """Show ACCOUNT's enrolment."""
    request = pb.GetIntegratorRequest(name=f"{account}/integrator")
    answer = session.stub(IntegratorServiceStub).GetIntegrator(request)
    session.show(answer.integrator, answer=answer)


@integrator.command("list")
@click.option("--sandbox", type=SANDBOX, default=None, help="Those in this sandbox.")
@limit_option
@pass_session
def list_(session: Session, sandbox: str | None, limit: int) -> None:
    """List enrolments: those of the real world, or of a sandbox."""
    request = pb.ListIntegratorsRequest(sandbox=sandbox or "")
    method = session.stub(IntegratorServiceStub).ListIntegrators
    session.list(method, request, of="integrators", columns=COLUMNS, limit=limit)
