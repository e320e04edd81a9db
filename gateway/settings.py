"""Where the gateway listens and what stands behind it, read from the environment."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AliasChoices, BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ENVIRONMENT_PREFIX = "POSPAGO_GATEWAY_"

Port = Annotated[int, Field(ge=0, le=65_535)]


@dataclass(frozen=True, slots=True)
class Address:
    """A host and a TCP port."""

    host: str
    port: int

    def __str__(self) -> str:
        """Give `host:port`, an IPv6 host in brackets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def parse_address(text: str) -> Address:
    """Give the address written as `host:port`; an IPv6 host stands in brackets."""
    host, colon, port = text.strip().rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isascii() or not port.isdigit():
        raise ValueError(f"{text!r} is no address: write host:port, like 127.0.0.1:8081")
    if not 0 < int(port) <= 65_535:
        raise ValueError(f"{text!r} has no such port: it must lie between 1 and 65535")
    return Address(host, int(port))


def _parse_addresses(value: object) -> object:
    """Read a comma list of `host:port`; anything else passes on to be checked as it is."""
    if not isinstance(value, str):
        return value
    return tuple(parse_address(part) for part in value.split(",") if part.strip())


Addresses = Annotated[
    tuple[Address, ...],
    NoDecode,
    BeforeValidator(_parse_addresses),
    Field(min_length=1, max_length=64),
]


class GatewaySettings(BaseSettings):
    """All that an operator may choose about the gateway.

    A port of 0 means any free one; the bound address is known once the gateway runs.
    The stream idle time must stay above the feeds' heartbeat of 15 seconds.
    """

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX,
        frozen=True,
        env_ignore_empty=True,
        validate_by_name=True,
        validate_by_alias=True,
    )

    # One setting for the whole suite.
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", validation_alias=AliasChoices("POSPAGO_LOG_LEVEL")
    )
    log_json: bool = Field(default=False, validation_alias=AliasChoices("POSPAGO_LOG_JSON"))

    host: str = "127.0.0.1"
    port: Port = 8080
    provisioning_addresses: Addresses = (Address("127.0.0.1", 8081),)
    billing_addresses: Addresses = (Address("127.0.0.1", 8082),)
    admin_port: Port = 9080
    health_port: Port = 8083
    protoset_path: Path | None = None
    worker_threads: int = Field(default=0, ge=0, le=256, description="0: one per core")
    access_log: bool = True
    connect_timeout_seconds: float = Field(default=1, gt=0, le=30)
    health_timeout_seconds: float = Field(default=1, gt=0, le=30)
    health_watch_seconds: float = Field(default=1, gt=0, le=60)
    stream_idle_seconds: float = Field(default=300, gt=0, le=86_400)
    drain_seconds: float = Field(default=10, ge=0, le=600)
    start_seconds: float = Field(default=30, gt=0, le=600)
