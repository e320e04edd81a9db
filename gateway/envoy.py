"""Envoy's whole configuration, from typed settings and routes."""

from collections.abc import Sequence

from gateway.clusters import render_address, render_clusters
from gateway.listener import render_listener
from gateway.routes import Route
from gateway.settings import Address, GatewaySettings

# The control port resets statistics and ends the process: never reachable from outside.
ADMIN_HOST = "127.0.0.1"

_CONNECTIONS_MAX = 20_000

_LOG_FIELDS = {
    "timestamp": "%Y-%m-%dT%T.%fZ",
    "service": "gateway",
    "level": "%l",
    "event": "%j",
    "logger": "envoy.%n",
}


def render_bootstrap(
    settings: GatewaySettings, routes: Sequence[Route], health_address: Address
) -> dict[str, object]:
    """Give the configuration that Envoy starts with, ready to be written as JSON."""
    return {
        "node": {"id": "gateway", "cluster": "pospago"},
        "admin": {"address": render_address(Address(ADMIN_HOST, settings.admin_port))},
        "application_log_config": {"log_format": {"json_format": _LOG_FIELDS}},
        "overload_manager": _overload_manager(),
        "static_resources": {
            "listeners": [render_listener(settings, routes)],
            "clusters": render_clusters(settings, health_address),
        },
    }


def _overload_manager() -> dict[str, object]:
    return {
        "resource_monitors": [
            {
                "name": "envoy.resource_monitors.global_downstream_max_connections",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.resource_monitors"
                    ".downstream_connections.v3.DownstreamConnectionsConfig",
                    "max_active_downstream_connections": _CONNECTIONS_MAX,
                },
            }
        ]
    }
