"""`python -m billing_service`: what it costs."""

import asyncio
import sys

from billing_service.server import serve
from billing_service.settings import BillingSettings
from chassis.database import StoreLockedError
from chassis.logs import configure_logs
from chassis.rpc.server import PortInUseError, run


def main() -> None:
    """Run the service as the environment sets it; exit 1 with the reason if it cannot run."""
    settings = BillingSettings()
    configure_logs(level=settings.log_level, as_json=settings.log_json)

    async def until(asked_to_end: asyncio.Event) -> None:
        await serve(settings, asked_to_end)

    try:
        run(until)
    except (StoreLockedError, PortInUseError) as failure:
        sys.exit(f"billing: {failure}")


if __name__ == "__main__":
    main()
