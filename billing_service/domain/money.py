"""Money as whole minor units of an ISO 4217 currency, exactly.

Units:   `*_minor` counts the currency's smallest unit: cents for BRL, yen for JPY, fils for KWD.
         Prices are exact decimals in the currency itself.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import (
    ROUND_HALF_UP,
    Context,
    Decimal,
    DivisionByZero,
    Inexact,
    InvalidOperation,
    getcontext,
    localcontext,
    setcontext,
)
from typing import Final

from billing_service.domain.errors import CurrencyUnknown

# The largest price and the largest payment; sums of a million of the former fit 64 bits.
PRICE_MINOR_MAX: Final = 10**12
PAYMENT_MINOR_MAX: Final = 10**15
# The most that a charge comes to: sums of as many as a message holds, with tax, fit 64 bits.
AMOUNT_MINOR_MAX: Final = 10**14

# Where prices are computed: it refuses to round. Nothing of it is ever changed. A catalogue's price
# takes up to 80 digits; what was agreed off it, and coupons, 6 more each.
EXACT: Final = Context(prec=160, traps=[Inexact, InvalidOperation, DivisionByZero])

_NANOS: Final = 10**9
_DIGITS_USUAL: Final = 2
_ROUNDED: Final = Context(prec=160, rounding=ROUND_HALF_UP)
_DIGITS_UNUSUAL: Final = {
    **dict.fromkeys(
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0
    ),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
}
_CODES: Final = frozenset(
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN"
    " BWP BYN BZD CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN"
    " ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD"
    " JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT"
    " MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG"
    " QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT"
    " TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF XCD XOF XPF"
    " YER ZAR ZMW ZWG".split()
)
# Twice the minor units of one, for each currency; looked up for every amount that is rounded.
_DOUBLED: Final = {
    code: Decimal(2 * 10 ** _DIGITS_UNUSUAL.get(code, _DIGITS_USUAL)) for code in _CODES
}


def minor_digits(currency: str, field: str = "currency") -> int:
    """How many decimal places a currency has; CurrencyUnknown names the field that holds it."""
    if currency not in _CODES:
        raise CurrencyUnknown(field, currency)
    return _DIGITS_UNUSUAL.get(currency, _DIGITS_USUAL)


def minor_units(units: int, nanos: int, currency: str) -> int | None:
    """Whole units and billionths as minor units; None if they are finer, or of mixed sign."""
    if abs(nanos) >= _NANOS or (units > 0 > nanos) or (units < 0 < nanos):
        return None
    total_nanos = units * _NANOS + nanos
    minor, rest = divmod(total_nanos, 10 ** (9 - minor_digits(currency)))
    return None if rest else minor


def units_and_nanos(amount_minor: int, currency: str) -> tuple[int, int]:
    """Minor units as whole units and billionths of one sign."""
    sign = -1 if amount_minor < 0 else 1
    scale = 10 ** minor_digits(currency)
    units, rest = divmod(abs(amount_minor), scale)
    return sign * units, sign * rest * (_NANOS // scale)


def price_of(amount_minor: int, currency: str) -> Decimal:
    """Minor units as an exact decimal in the currency."""
    with localcontext(EXACT):
        return Decimal(amount_minor).scaleb(-minor_digits(currency))


@contextmanager
def exact_arithmetic() -> Iterator[None]:
    """Computes in EXACT until the block ends; nothing in it waits for anything."""
    before = getcontext()
    setcontext(EXACT)
    try:
        yield
    finally:
        setcontext(before)


def round_to_minor(amount: Decimal, currency: str) -> int:
    """An exact amount in the currency as minor units, rounded once, half up."""
    with localcontext(_ROUNDED):
        return int(amount.scaleb(minor_digits(currency)).to_integral_value(ROUND_HALF_UP))


def round_ratio(numerator: Decimal, divisor: int, currency: str) -> int:
    """An exact quotient in the currency as minor units, rounded once, half up.

    Computed in the caller's decimal context, EXACT.
    Shapes:  `divisor` > 0.
    """
    scale = _DOUBLED.get(currency) or Decimal(2 * 10 ** minor_digits(currency))
    # Twice the amount, cut to a whole number, says on which side of a half it lies.
    doubled = int(numerator * scale)
    if divisor == 1 and doubled >= 0:
        return (doubled + 1) >> 1
    if doubled < 0:
        return -((-doubled // divisor + 1) >> 1)
    return (doubled // divisor + 1) >> 1


def round_quotient(numerator: int, divisor: int) -> int:
    """A quotient as a whole number, rounded once, half up: away from zero, as for an amount.

    Shapes:  `divisor` > 0.
    """
    whole = (2 * abs(numerator) + divisor) // (2 * divisor)
    return -whole if numerator < 0 else whole
