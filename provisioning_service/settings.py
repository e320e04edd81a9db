"""What the provisioning service may be told by its environment (`POSPAGO_PROVISIONING_…`)."""

from typing import Annotated

from pydantic import BaseModel, Field
from pydantic_settings import SettingsConfigDict

from chassis.settings import Port, ServiceSettings
from provisioning_service.domain.programme import CancelledExpiry, Programme, TokenApproval
from provisioning_service.domain.token import Rung

DEFAULTS = Programme()
_MICROSECONDS = 1_000_000

Seconds = Annotated[int, Field(ge=0, le=3_155_760_000)]


class RungSettings(BaseModel):
    """One rung of the ladder: how many creations (0: without limit), in which band."""

    creations_max: int = Field(ge=0)
    band: int = Field(ge=1)


class ProgrammeSettings(BaseModel):
    """What holds for an enrolment that does not say otherwise."""

    ladder: tuple[RungSettings, ...] = tuple(
        RungSettings(creations_max=rung.creations_max, band=rung.band) for rung in DEFAULTS.ladder
    )
    trial_length_seconds: Seconds = DEFAULTS.trial_length_us // _MICROSECONDS
    trial_length_max_seconds: Seconds = DEFAULTS.trial_length_max_us // _MICROSECONDS
    lapsed_trial_retention_seconds: Seconds = DEFAULTS.lapsed_trial_retention_us // _MICROSECONDS
    licences_min: int = Field(DEFAULTS.licences_min, ge=0)
    token_approval: TokenApproval = DEFAULTS.token_approval
    cancelled_expiry: CancelledExpiry = DEFAULTS.cancelled_expiry
    unpaid_reaches_prepaid: bool = DEFAULTS.unpaid_reaches_prepaid
    plan: str = Field(DEFAULTS.plan, pattern="^[a-z0-9][a-z0-9-]{0,62}$")
    migrated_band: int = Field(DEFAULTS.migrated_band, ge=1)
    quota_warning_percent: int = Field(DEFAULTS.quota_warning_percent, ge=0, le=100)
    trial_warning_seconds: Seconds = DEFAULTS.trial_warning_us // _MICROSECONDS
    # Billing's terms say when service stops; this is the day shown before billing has told one.
    last_service_day: int = Field(DEFAULTS.last_service_day, ge=1, le=28)

    def to_programme(self) -> Programme:
        """The programme that these settings state."""
        return Programme(
            ladder=tuple(Rung(each.creations_max, each.band) for each in self.ladder),
            trial_length_us=self.trial_length_seconds * _MICROSECONDS,
            trial_length_max_us=self.trial_length_max_seconds * _MICROSECONDS,
            lapsed_trial_retention_us=self.lapsed_trial_retention_seconds * _MICROSECONDS,
            licences_min=self.licences_min,
            token_approval=self.token_approval,
            cancelled_expiry=self.cancelled_expiry,
            unpaid_reaches_prepaid=self.unpaid_reaches_prepaid,
            plan=self.plan,
            migrated_band=self.migrated_band,
            quota_warning_percent=self.quota_warning_percent,
            trial_warning_us=self.trial_warning_seconds * _MICROSECONDS,
            last_service_day=self.last_service_day,
        )


class ProvisioningSettings(ServiceSettings):
    """Settings of this service; the ports are those that the gateway expects."""

    model_config = SettingsConfigDict(env_prefix="POSPAGO_PROVISIONING_", env_nested_delimiter="__")

    port: Port = 8081
    metrics_port: Port | None = 9081
    peer_address: str = "127.0.0.1:8082"
    programme: ProgrammeSettings = ProgrammeSettings()
