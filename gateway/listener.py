"""Envoy's listener: how a call comes in and which way it leaves."""

from collections.abc import Sequence

from gateway.clusters import render_address
from gateway.local_replies import render_local_reply_config
from gateway.routes import Backend, Route
from gateway.settings import Address, GatewaySettings

LISTENER_NAME = "calls"

_CONCURRENT_STREAMS_MAX = 2_048
# Far above what a service takes: the service refuses one call, Envoy would close the connection
# and with it all other calls.
_METADATA_KIB_MAX = 512
_RETRIES_MAX = 2
# Safe for side-effect-free rpcs only: the first attempt may have reached the service.
_RETRY_ON = "connect-failure,refused-stream,reset,unavailable"

# Names no credential: metadata is never logged.
_ACCESS_LOG_FIELDS = {
    "timestamp": "%START_TIME%",
    "service": "gateway",
    "event": "call",
    "rpc": "%REQ(:PATH)%",
    "backend": "%UPSTREAM_CLUSTER%",
    "grpc_status": "%GRPC_STATUS%",
    "duration_ms": "%DURATION%",
    "response_flags": "%RESPONSE_FLAGS%",
    "request_bytes": "%BYTES_RECEIVED%",
    "response_bytes": "%BYTES_SENT%",
    "attempts": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
    "request_id": "%REQ(X-REQUEST-ID)%",
    "traceparent": "%REQ(TRACEPARENT)%",
    "peer": "%DOWNSTREAM_REMOTE_ADDRESS%",
    "user_agent": "%REQ(USER-AGENT)%",
}


def render_listener(settings: GatewaySettings, routes: Sequence[Route]) -> dict[str, object]:
    """Give the one listener, which takes cleartext HTTP/2.

    Its port is not shared, so that a second gateway on the same port fails instead of
    taking every other connection.
    """
    manager = _connection_manager(settings, routes)
    filter_chain = {
        "filters": [
            {
                "name": "envoy.filters.network.http_connection_manager",
                "typed_config": manager,
            }
        ]
    }
    return {
        "name": LISTENER_NAME,
        "address": render_address(Address(settings.host, settings.port)),
        "enable_reuse_port": False,
        "connection_balance_config": {"exact_balance": {}},
        "filter_chains": [filter_chain],
    }


def _connection_manager(settings: GatewaySettings, routes: Sequence[Route]) -> dict[str, object]:
    return {
        "@type": "type.googleapis.com/envoy.extensions.filters.network"
        ".http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": LISTENER_NAME,
        "codec_type": "HTTP2",
        "http2_protocol_options": {
            "max_concurrent_streams": _CONCURRENT_STREAMS_MAX,
            # A bad header ends its own call, not all calls of the connection.
            "override_stream_error_on_invalid_http_message": True,
        },
        "max_request_headers_kb": _METADATA_KIB_MAX,
        "stream_idle_timeout": f"{settings.stream_idle_seconds}s",
        "request_timeout": "0s",
        # As an edge: a caller's own x-envoy-* headers would switch retries on.
        "use_remote_address": True,
        "preserve_external_request_id": True,
        "always_set_request_id_in_response": True,
        "local_reply_config": render_local_reply_config(),
        "access_log": [_access_log()] if settings.access_log else [],
        "route_config": _route_config(routes),
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router",
                    "suppress_envoy_headers": True,
                },
            }
        ],
    }


def _access_log() -> dict[str, object]:
    """A line for each call but health checks, of which only what changes is told, by `health`."""
    return {
        "name": "envoy.access_loggers.stdout",
        "filter": {
            "header_filter": {
                "header": {
                    "name": ":path",
                    "string_match": {"prefix": "/grpc.health.v1.Health/"},
                    "invert_match": True,
                }
            }
        },
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.stream.v3"
            ".StdoutAccessLog",
            "log_format": {"json_format": _ACCESS_LOG_FIELDS},
        },
    }


def _route_config(routes: Sequence[Route]) -> dict[str, object]:
    host = {
        "name": LISTENER_NAME,
        "domains": ["*"],
        "routes": [_route(route) for route in routes],
    }
    return {"name": LISTENER_NAME, "validate_clusters": True, "virtual_hosts": [host]}


def _route(route: Route) -> dict[str, object]:
    """Give the route of one rpc; whatever no route matches gets a local reply.

    The call's own deadline is the only limit on its time: Envoy enforces `grpc-timeout` and
    passes it on.
    """
    action: dict[str, object] = {
        "cluster": route.backend.value,
        "timeout": "0s",
        "max_stream_duration": {"grpc_timeout_header_max": "0s"},
    }
    if route.side_effect_free and route.backend is not Backend.GATEWAY:
        action["retry_policy"] = _retry_policy()
    return {"match": {"path": route.path, "grpc": {}}, "route": action}


def _retry_policy() -> dict[str, object]:
    return {
        "retry_on": _RETRY_ON,
        "num_retries": _RETRIES_MAX,
        "retry_back_off": {"base_interval": "0.025s", "max_interval": "0.25s"},
        "retry_host_predicate": [
            {
                "name": "envoy.retry_host_predicates.previous_hosts",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.retry.host"
                    ".previous_hosts.v3.PreviousHostsPredicate"
                },
            }
        ],
        "host_selection_retry_max_attempts": 5,
    }
