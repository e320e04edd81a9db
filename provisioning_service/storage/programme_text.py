"""A programme as JSON text, and back."""

import json
from functools import lru_cache

from provisioning_service.domain.programme import CancelledExpiry, Programme, TokenApproval
from provisioning_service.domain.token import Rung


def to_text(programme: Programme) -> str:
    """The programme as JSON."""
    return json.dumps(
        {
            "ladder": [[rung.creations_max, rung.band] for rung in programme.ladder],
            "trial_length_us": programme.trial_length_us,
            "trial_length_max_us": programme.trial_length_max_us,
            "lapsed_trial_retention_us": programme.lapsed_trial_retention_us,
            "licences_min": programme.licences_min,
            "token_approval": programme.token_approval.value,
            "cancelled_expiry": programme.cancelled_expiry.value,
            "unpaid_reaches_prepaid": programme.unpaid_reaches_prepaid,
            "plan": programme.plan,
            "migrated_band": programme.migrated_band,
            "quota_warning_percent": programme.quota_warning_percent,
            "trial_warning_us": programme.trial_warning_us,
            "last_service_day": programme.last_service_day,
        }
    )


@lru_cache(maxsize=1024)
def from_text(text: str) -> Programme:
    """The programme that a JSON text of ours states."""
    kept = json.loads(text)
    return Programme(
        **kept
        | {
            "ladder": tuple(Rung(creations_max, band) for creations_max, band in kept["ladder"]),
            "token_approval": TokenApproval(kept["token_approval"]),
            "cancelled_expiry": CancelledExpiry(kept["cancelled_expiry"]),
        }
    )
