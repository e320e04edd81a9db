"""What the environment may say of the service and its programme."""

from pathlib import Path

import pytest

from chassis.clock import ManualClock
from provisioning_service.domain.errors import InvalidProgramme
from provisioning_service.domain.programme import CancelledExpiry, Programme
from provisioning_service.domain.token import Rung
from provisioning_service.settings import ProvisioningSettings
from tests.provisioning.builders import START_AT
from tests.provisioning.calling import served


def test_the_defaults_are_the_programmes() -> None:
    """Unset, the settings state the programme of the source."""
    assert ProvisioningSettings().programme.to_programme() == Programme()


def test_the_environment_states_the_programme(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each rule of the programme can be set by a variable of its own."""
    for name, value in (
        ("LICENCES_MIN", "3"),
        ("TRIAL_LENGTH_SECONDS", "60"),
        ("CANCELLED_EXPIRY", "fixed_at_cancellation"),
        ("LADDER", '[{"creations_max": 0, "band": 7}]'),
    ):
        monkeypatch.setenv(f"POSPAGO_PROVISIONING_PROGRAMME__{name}", value)
    stated = ProvisioningSettings().programme.to_programme()
    assert stated == Programme(
        licences_min=3,
        trial_length_us=60_000_000,
        cancelled_expiry=CancelledExpiry.FIXED_AT_CANCELLATION,
        ladder=(Rung(0, 7),),
    )


async def test_a_contradictory_programme_does_not_start(tmp_path: Path) -> None:
    """A service whose defaults enrol nobody says so before it serves."""
    with pytest.raises(InvalidProgramme):
        async with served(tmp_path, ManualClock(START_AT), programme={"ladder": []}):
            pass
