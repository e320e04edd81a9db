"""`python -m gateway`: one address for both services."""

import sys

import uvloop

from chassis.logs import configure_logs
from gateway.failures import GatewayFailure
from gateway.server import serve
from gateway.settings import GatewaySettings


def main() -> None:
    """Run the gateway as the environment sets it; exit 1 with the reason if it cannot run."""
    settings = GatewaySettings()
    configure_logs(level=settings.log_level, as_json=settings.log_json)
    try:
        uvloop.run(serve(settings))
    except GatewayFailure as failure:
        sys.exit(f"gateway: {failure}")


if __name__ == "__main__":
    main()
