"""`pospago terms`: when a month is due, and what follows when it is not paid."""

from typing import Final

import click
from pospago.billing.v1 import terms_pb2 as pb
from pospago.billing.v1.terms_pb2_grpc import TermsServiceStub

from pospago_cli.session import Noun, Session, limit_option, pass_session
from pospago_cli.values import ResourceName

TERMS: Final = ResourceName("terms/{terms}")
COLUMNS: Final = "name versions.version versions.due_day versions.draft_days"
VERSION_COLUMNS: Final = (
    "version effective_time due_day last_service_day deletion_day deletion_hour time_zone currency"
    " due_reminder_days stop_warning_days deletion_warning_days usage_grace_hours draft_days"
)


@click.group("terms", cls=Noun)
def terms() -> None:
    """Billing terms: when a month is due, and what follows when it is not paid, in versions."""


@terms.command("get")
@click.argument("name", type=TERMS)
@pass_session
def get(session: Session, name: str) -> None:
    """Show one set of terms with all its versions."""
    answer = session.stub(TermsServiceStub).GetTerms(pb.GetTermsRequest(name=name))
    if session.as_json:
        session.show(answer)
    else:
        session.show_many(answer.terms.name, answer.terms.versions, VERSION_COLUMNS)


@terms.command("list")
@limit_option
@pass_session
def list_(session: Session, limit: int) -> None:
    """List the terms, each with what its versions say."""
    method = session.stub(TermsServiceStub).ListTerms
    session.list(method, pb.ListTermsRequest(), of="terms", columns=COLUMNS, limit=limit)
