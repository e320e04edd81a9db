"""Which use case each kind of timer calls."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from billing_service.use_cases.cancel_payment_request import EXPIRE_REQUEST_USE_CASE
from billing_service.use_cases.check_usage import CHECK_USAGE_USE_CASE
from billing_service.use_cases.close_month import CLOSE_MONTH_USE_CASE
from billing_service.use_cases.dun import DELETION_USE_CASE, OVERDUE_USE_CASE, STOP_USE_CASE
from billing_service.use_cases.entitling import (
    AIM_ENTITLEMENTS_USE_CASE,
    TELL_ENTITLEMENTS_USE_CASE,
)
from billing_service.use_cases.expire_credit import EXPIRE_CREDIT_USE_CASE
from billing_service.use_cases.mark_outdated import MARK_OUTDATED_USE_CASE
from billing_service.use_cases.renew_prepaid import RENEW_PREPAID_USE_CASE, TOP_UP_USE_CASE
from billing_service.use_cases.take_effect import TAKE_EFFECT_USE_CASE
from billing_service.use_cases.warn import (
    DELETION_AHEAD_USE_CASE,
    DUE_SOON_USE_CASE,
    STOP_AHEAD_USE_CASE,
)
from chassis.use_case import TimerDue, UseCase

TIMER_USE_CASES: Final[Mapping[str, UseCase[TimerDue, Any, Any]]] = MappingProxyType(
    {
        each.name: each
        for each in (
            CHECK_USAGE_USE_CASE,
            CLOSE_MONTH_USE_CASE,
            DUE_SOON_USE_CASE,
            AIM_ENTITLEMENTS_USE_CASE,
            TELL_ENTITLEMENTS_USE_CASE,
            OVERDUE_USE_CASE,
            STOP_AHEAD_USE_CASE,
            STOP_USE_CASE,
            DELETION_AHEAD_USE_CASE,
            DELETION_USE_CASE,
            MARK_OUTDATED_USE_CASE,
            EXPIRE_CREDIT_USE_CASE,
            EXPIRE_REQUEST_USE_CASE,
            TAKE_EFFECT_USE_CASE,
            RENEW_PREPAID_USE_CASE,
            TOP_UP_USE_CASE,
        )
    }
)
