"""What the billing service may be told by its environment (`POSPAGO_BILLING_…`)."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from chassis.settings import Port, ServiceSettings


class BillingSettings(ServiceSettings):
    """Settings of this service; the ports are those that the gateway expects."""

    model_config = SettingsConfigDict(env_prefix="POSPAGO_BILLING_")

    port: Port = 8082
    metrics_port: Port | None = 9082
    peer_address: str = "127.0.0.1:8081"
    usage_future_tolerance_seconds: int = Field(300, ge=0, le=86_400)
    usage_age_max_days: int = Field(1_100, ge=1, le=36_500)
