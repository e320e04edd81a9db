"""`pospago estimate`: what something would cost."""

from pathlib import Path
from typing import Any, Final

import click
from pospago.billing.v1.estimate_pb2_grpc import EstimateServiceStub

from pospago_cli.accounts import ACCOUNT
from pospago_cli.estimate.asking import Asked, to_request
from pospago_cli.estimate.quantities import Counted, Held, Used
from pospago_cli.estimate.showing import shown
from pospago_cli.session import Leaf, Session, pass_session
from pospago_cli.tables import as_json, print_json
from pospago_cli.taxes import TAX_PROFILE
from pospago_cli.values import CivilDate, Currency, ResourceName

PLAN: Final = ResourceName("plans/{plan}")
FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("estimate", cls=Leaf)
@click.argument("plan", type=PLAN)
@click.option("--file", type=FILE, help="A catalogue file that has PLAN; it is not applied.")
@click.option(
    "--held",
    type=Held(),
    multiple=True,
    help="How much of a licensed price is held, as seats=12; analytics=1 chooses an add-on.",
)
@click.option(
    "--used",
    type=Used(),
    multiple=True,
    help="What is used of a metered price in each period, as calls=25000."
    " machines/cores=4: of one meter of a capacity. payments=10+100+5000: transactions;"
    " 200x50: 200 of 50 each; 5110#3: 5110 in 3 of them."
    " data=9,1: what each unit used; of a single one, data=9,",
)
@click.option(
    "--counted",
    type=Counted(),
    multiple=True,
    help="What there is to be counted, as client=12; client:partner-level=99 with a label.",
)
@click.option(
    "--counted-own",
    type=Counted(own=True),
    multiple=True,
    help="As --counted, of the account's own, such as a partner as its own client.",
)
@click.option(
    "--account", type=ACCOUNT, help="For whom: its currency, taxes and price changes hold."
)
@click.option(
    "--currency",
    type=Currency(),
    help="As USD. [the account's, or the only one that PLAN is priced in]",
)
@click.option("--band", type=click.IntRange(0, 1000), help="The tariff band.")
@click.option(
    "--version",
    type=click.IntRange(1, 1000),
    help="The version of a stored plan. [whichever is in force in each period]",
)
@click.option(
    "--from",
    "start_date",
    type=CivilDate(),
    help="The first day, in the first month that is shown. [the first of this month]",
)
@click.option(
    "--until", "end_date", type=CivilDate(), help="The first day without it. [it goes on]"
)
@click.option(
    "--months",
    type=click.IntRange(1, 120),
    default=1,
    show_default=True,
    help="How many invoice months.",
)
@click.option(
    "--tax-profile",
    type=TAX_PROFILE,
    help="Which taxes: of FILE if it has them, else stored. [the account's, or none]",
)
@click.option("--tiers", is_flag=True, help="Show the share of each tier below its line.")
@click.option("--explain", is_flag=True, help="Say below each line how it came about.")
@pass_session
def estimate(session: Session, /, **options: Any) -> None:
    """Show what PLAN would cost, month by month; nothing is written.

    PRICE is the code of a price of PLAN, as `pospago plan get` and the catalogue file say it. What
    is not stated is not held and not used. Quantities may be grouped, as 25_000; their options may
    be repeated.

    \b
    Twelve seats and 25,000 calls on a stored plan, for a quarter:
      pospago estimate pro --held seats=12 --used calls=25000 --months 3
    The same of a catalogue file, before it is applied, with how each line came about:
      pospago estimate --file catalog.yaml pro --held seats=12 --used calls=25000 --explain
    """  # noqa: D301 - click reads \b
    answer = session.stub(EstimateServiceStub).Estimate(to_request(Asked(**options)))
    if session.as_json:
        print_json(session.console, as_json(answer))
    else:
        session.console.print(shown(answer))
