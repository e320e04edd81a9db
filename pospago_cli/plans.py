"""`pospago plan`: what things cost. `pospago catalog` makes them so."""

from collections.abc import Iterator

import click
from pospago.billing.v1 import catalog_pb2 as pb
from pospago.billing.v1 import price_pb2
from pospago.billing.v1.catalog_pb2_grpc import CatalogServiceStub
from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pospago_cli.session import Noun, Session, limit_option, pass_session
from pospago_cli.tables import as_json, field_text, instant_text, print_json
from pospago_cli.values import ResourceName

PLAN = ResourceName("plans/{plan}")
COLUMNS = "name display_name version_policy tax_category"
HEAD_FIELDS = "name display_name version_policy tax_category price_change_notice_days"
PRICE_COLUMNS = ("price", "band", "currency", "kind", "model", "besides")
_BESIDES = (
    "included minimum_charge maximum_charge discount_percent discount_amount add_on schedule"
    " tax_category zero_usage review"
).split()
# What holds of most prices, and goes without saying.
_UNSAID = frozenset({"zero_usage SHOWN", "review NONE"})


@click.group("plan", cls=Noun)
def plan() -> None:
    """Plans: what things cost, in versions. A catalogue file makes them."""


@plan.command("get")
@click.argument("name", type=PLAN)
@pass_session
def get(session: Session, name: str) -> None:
    """Show one plan with all its versions."""
    answer = session.stub(CatalogServiceStub).GetPlan(pb.GetPlanRequest(name=name))
    if session.as_json:
        print_json(session.console, as_json(answer))
    else:
        session.console.print(rendered(answer.plan))


@plan.command("list")
@limit_option
@pass_session
def list_(session: Session, limit: int) -> None:
    """List the plans."""
    method = session.stub(CatalogServiceStub).ListPlans
    session.list(method, pb.ListPlansRequest(), of="plans", columns=COLUMNS, limit=limit)


def rendered(shown: pb.Plan) -> RenderableType:
    """A plan as one would read it: what it is called, and each version with its prices."""
    head = Table.grid(padding=(0, 2))
    head.add_column(style="dim")
    for field in HEAD_FIELDS.split():
        head.add_row(field.replace("_", " "), Text(field_text(shown, field)))
    return Group(head, *(part for each in shown.versions for part in _version(each)))


def table_of_prices(title: str, version: pb.PlanVersion) -> Table:
    """The prices of a version, a row for each."""
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for heading in PRICE_COLUMNS:
        table.add_column(heading, overflow="fold")
    for price in version.prices:
        table.add_row(*map(Text, _row(price)))
    return table


def _version(version: pb.PlanVersion) -> Iterator[RenderableType]:
    since = instant_text(version.effective_time) if version.HasField("effective_time") else "ever"
    yield table_of_prices(f"Version {version.version}, since {since}", version)
    for field in ("schedule", "shared_allowances", "limits", "minimum_spends"):
        said = field_text(version, field)
        if said:
            yield Text(f"{field.replace('_', ' ')}: {said}")


def _row(price: price_pb2.Price) -> tuple[str, ...]:
    besides = (f"{each} {field_text(price, each)}" for each in _BESIDES if _states(price, each))
    said = [each.strip() for each in besides if each not in _UNSAID]
    return (
        price.code,
        str(price.band) if price.band else "all",
        price.currency,
        _choice(price, "kind"),
        _choice(price, "model"),
        ", ".join(said),
    )


def _states(price: price_pb2.Price, field: str) -> bool:
    return any(descriptor.name == field for descriptor, _ in price.ListFields())


def _choice(price: price_pb2.Price, of: str) -> str:
    """Which of several forms a price has, and what that says."""
    name = price.WhichOneof(of) or ""
    return f"{name} {field_text(price, name)}".strip() if name else ""
