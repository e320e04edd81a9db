"""`python -m provisioning_service`: who is who, and who may have what."""

import asyncio
import sys

from chassis.database import StoreLockedError
from chassis.logs import configure_logs
from chassis.rpc.server import PortInUseError, run
from provisioning_service.domain.errors import InvalidProgramme
from provisioning_service.server import serve
from provisioning_service.settings import ProvisioningSettings


def main() -> None:
    """Run the service as the environment sets it; exit 1 with the reason if it cannot run."""
    settings = ProvisioningSettings()
    configure_logs(level=settings.log_level, as_json=settings.log_json)

    async def until(asked_to_end: asyncio.Event) -> None:
        await serve(settings, asked_to_end)

    try:
        run(until)
    except (StoreLockedError, PortInUseError, InvalidProgramme) as failure:
        sys.exit(f"provisioning: {failure}")


if __name__ == "__main__":
    main()
