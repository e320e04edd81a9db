"""A shell for tests, in which the command line runs as it does for its users."""

import asyncio
import json
from dataclasses import dataclass
from io import StringIO

from rich.console import Console

from pospago_cli.__main__ import run
from pospago_cli.session import Session


@dataclass(frozen=True, slots=True)
class Shell:
    """Runs commands as the operator of a billing service."""

    address: str
    secret: str

    async def pospago(self, *arguments: str, exit_code: int = 0) -> str:
        """What a command prints."""
        printed = StringIO()
        console = Console(file=printed, width=200, highlight=False)
        session = Session(address=self.address, token=self.secret, console=console, errors=console)
        code = await asyncio.to_thread(run, list(arguments), session)
        assert code == exit_code, printed.getvalue()
        return printed.getvalue()

    async def versions(self) -> int:
        """How many versions the integrator's plan has."""
        plan = json.loads(await self.pospago("plan", "get", "integrator", "--json"))["plan"]
        return len(plan["versions"])
