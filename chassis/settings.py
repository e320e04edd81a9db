"""What each service may be told by its environment; the defaults serve one machine.

Shared by both services: `POSPAGO_DATA_DIR`, `POSPAGO_LOG_LEVEL`, `POSPAGO_LOG_JSON`,
`POSPAGO_HASH_KEY`, `POSPAGO_CREDENTIALS`. The others carry the prefix of their service.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AliasChoices, BaseModel, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from chassis.caller import CallerKind
from chassis.credentials import Credential, Credentials, given, load_or_create
from chassis.queueing import Bounds

Port = Annotated[int, Field(ge=0, le=65_535)]
LogLevel = Literal["debug", "info", "warning", "error"]


class GivenCredential(BaseModel):
    """A credential as settings state it: `{"name", "kind", "hash"}`, the hash in hex."""

    name: str = Field(min_length=1, max_length=63)
    kind: Literal["operator", "service"]
    hash: str = Field(pattern="^[0-9a-f]{64}$")

    def to_credential(self) -> Credential:
        """The credential that this describes."""
        return Credential(self.name, CallerKind[self.kind.upper()], bytes.fromhex(self.hash))


class ServiceSettings(BaseSettings):
    """Settings of one service. A subclass states its `env_prefix`, its ports and its peer."""

    model_config = SettingsConfigDict(extra="ignore", validate_by_name=True, validate_by_alias=True)

    data_dir: Path = Field(Path("data"), validation_alias=AliasChoices("POSPAGO_DATA_DIR"))
    log_level: LogLevel = Field("info", validation_alias=AliasChoices("POSPAGO_LOG_LEVEL"))
    log_json: bool = Field(default=False, validation_alias=AliasChoices("POSPAGO_LOG_JSON"))
    # Given together, in production; else the data folder holds them.
    hash_key: SecretStr | None = Field(None, validation_alias=AliasChoices("POSPAGO_HASH_KEY"))
    credentials: tuple[GivenCredential, ...] = Field(
        (), validation_alias=AliasChoices("POSPAGO_CREDENTIALS")
    )
    service_secret: SecretStr | None = None

    host: str = "127.0.0.1"
    port: Port = 0
    metrics_host: str = "127.0.0.1"
    # None: no metrics are served. 0: any free port.
    metrics_port: Port | None = None
    peer_address: str = ""
    # Empty: an SQLite file of the service's name in the data folder.
    database_url: str = ""

    queue_max: int = Field(4096, ge=1)
    batch_max: int = Field(256, ge=1)
    # In usage events; a call brings up to 10,000 of them, and must find room in an empty queue.
    queue_weight_max: int = Field(200_000, ge=10_000)
    batch_weight_max: int = Field(20_000, ge=1)
    calls_max: int = Field(1024, ge=1)
    streams_max: int = Field(256, ge=1)
    # One message has up to 4 MiB.
    bytes_max: int = Field(256 * 1024 * 1024, ge=4 * 1024 * 1024)
    heartbeat_seconds: float = Field(15.0, gt=0)
    peer_heartbeat_seconds: float = Field(0.5, ge=0.1, le=60)
    stop_seconds: float = Field(10.0, ge=0)

    @model_validator(mode="after")
    def _all_or_none(self) -> "ServiceSettings":
        stated = [self.hash_key is not None, bool(self.credentials)]
        stated.append(self.service_secret is not None)
        if any(stated) and not all(stated):
            text = "state the hash key, the credentials and the service secret together, or none"
            raise ValueError(text)
        return self

    @property
    def bounds(self) -> Bounds:
        """How much may wait to be written, and how much one commit takes."""
        return Bounds(
            queue_max=self.queue_max,
            batch_max=self.batch_max,
            queue_weight_max=self.queue_weight_max,
            batch_weight_max=self.batch_weight_max,
        )

    def database_url_of(self, service: str) -> str:
        """The stated URL, or the service's own SQLite file in the data folder."""
        return self.database_url or f"sqlite:///{self.data_dir / service}.sqlite3"

    def credentials_of(self, service: str) -> Credentials:
        """The stated credentials, or those of the data folder, made at the first start."""
        if self.hash_key is None or self.service_secret is None:
            return load_or_create(self.data_dir, service)
        return given(
            bytes.fromhex(self.hash_key.get_secret_value()),
            [each.to_credential() for each in self.credentials],
            self.service_secret.get_secret_value(),
        )
