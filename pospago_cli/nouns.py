"""The commands of `pospago`, each imported when it is asked for: a run needs one of them."""

from importlib import import_module
from types import MappingProxyType
from typing import Final

import click

from pospago_cli.session import Noun

# In which module each command is, under its own name there. All of them together take longer to
# import than most commands take to run.
MODULES: Final = MappingProxyType(
    {
        "account": "pospago_cli.accounts",
        "catalog": "pospago_cli.catalog.commands",
        "charge": "pospago_cli.one_off_charges",
        "coupon": "pospago_cli.coupons",
        "credit": "pospago_cli.credits",
        "credit-note": "pospago_cli.credit_notes",
        "db": "pospago_cli.stores",
        "demo": "pospago_cli.demo",
        "entitlement": "pospago_cli.resources",
        "estimate": "pospago_cli.estimate.command",
        "events": "pospago_cli.events",
        "guard": "pospago_cli.guards",
        "health": "pospago_cli.health",
        "instance": "pospago_cli.instances",
        "integrator": "pospago_cli.integrators",
        "invoice": "pospago_cli.invoices",
        "issuer": "pospago_cli.issuers",
        "member": "pospago_cli.members",
        "meter": "pospago_cli.meters",
        "payment": "pospago_cli.payments",
        "payment-request": "pospago_cli.payment_requests",
        "plan": "pospago_cli.plans",
        "profile": "pospago_cli.profiles",
        "reservation": "pospago_cli.guards",
        "resource": "pospago_cli.resources",
        "review": "pospago_cli.reviews",
        "sandbox": "pospago_cli.sandboxes",
        "serve": "pospago_cli.serve",
        "subscription": "pospago_cli.subscription_changes",
        "tax": "pospago_cli.taxes",
        "terms": "pospago_cli.terms",
        "token": "pospago_cli.tokens",
        "up": "pospago_cli.serve",
        "usage": "pospago_cli.usage.commands",
    }
)


class Nouns(Noun):
    """The first word of a command line: what it is about."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """The name of each command."""
        return sorted(MODULES)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        """The command of a name, None where there is none."""
        if name not in MODULES:
            return None
        command: click.Command = getattr(import_module(MODULES[name]), name.replace("-", "_"))
        return command
