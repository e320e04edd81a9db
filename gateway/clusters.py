"""Envoy's view of the processes behind the gateway."""

import ipaddress
from collections.abc import Sequence

from gateway.routes import Backend
from gateway.settings import Address, GatewaySettings

# A gRPC server cuts off peers that ping more often than every 300 s.
KEEPALIVE_INTERVAL = "330s"
KEEPALIVE_TIMEOUT = "20s"

# Circuit breaking is not the gateway's: its services refuse what is too much for them, with a
# reason. Envoy's own default of 1,024 calls would refuse earlier.
CONCURRENCY_MAX = 1_000_000
# While one of two processes goes down, half of all calls need their retry at the same time.
RETRIES_SHARE_PERCENT = 50
RETRIES_UNBUDGETED = 100


def render_clusters(settings: GatewaySettings, health_address: Address) -> list[dict[str, object]]:
    """Give one Envoy cluster per backend."""
    addresses = {
        Backend.PROVISIONING: settings.provisioning_addresses,
        Backend.BILLING: settings.billing_addresses,
        Backend.GATEWAY: (health_address,),
    }
    return [_cluster(backend, addresses[backend], settings) for backend in Backend]


def _cluster(
    backend: Backend, addresses: Sequence[Address], settings: GatewaySettings
) -> dict[str, object]:
    endpoints = [{"endpoint": {"address": render_address(address)}} for address in addresses]
    cluster: dict[str, object] = {
        "name": backend.value,
        "type": "STATIC" if all(map(_is_literal, addresses)) else "STRICT_DNS",
        "connect_timeout": f"{settings.connect_timeout_seconds}s",
        # Not by fewest calls: a process that is down has the fewest, and draws the retries.
        "lb_policy": "ROUND_ROBIN",
        "load_assignment": {
            "cluster_name": backend.value,
            "endpoints": [{"lb_endpoints": endpoints}],
        },
        "circuit_breakers": {"thresholds": [_threshold()]},
        "typed_extension_protocol_options": _http2_options(),
    }
    # One process alone has no better neighbour to fail over to, and each call that finds it
    # down tries to connect anew: that is the quickest way back after its restart.
    if len(addresses) > 1:
        cluster["health_checks"] = [_health_check(settings)]
    return cluster


def render_address(address: Address) -> dict[str, object]:
    """Give the address as Envoy writes it."""
    return {"socket_address": {"address": address.host, "port_value": address.port}}


def _is_literal(address: Address) -> bool:
    try:
        ipaddress.ip_address(address.host)
    except ValueError:
        return False
    return True


def _threshold() -> dict[str, object]:
    return {
        "max_connections": CONCURRENCY_MAX,
        "max_pending_requests": CONCURRENCY_MAX,
        "max_requests": CONCURRENCY_MAX,
        "retry_budget": {
            "budget_percent": {"value": RETRIES_SHARE_PERCENT},
            "min_retry_concurrency": RETRIES_UNBUDGETED,
        },
    }


def _http2_options() -> dict[str, object]:
    keepalive = {"interval": KEEPALIVE_INTERVAL, "timeout": KEEPALIVE_TIMEOUT}
    return {
        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
            "explicit_http_config": {"http2_protocol_options": {"connection_keepalive": keepalive}},
        }
    }


def _health_check(settings: GatewaySettings) -> dict[str, object]:
    return {
        "timeout": f"{settings.health_timeout_seconds}s",
        "interval": "1s",
        "no_traffic_interval": "1s",
        "unhealthy_threshold": 2,
        "healthy_threshold": 1,
        "grpc_health_check": {},
    }
