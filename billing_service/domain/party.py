"""Legal entities as invoices name them: issuers and buyers."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

# Invoices of sandboxes are numbered in series of this kind, which no issuer may take.
TEST_SERIES: Final = "TEST-"
# What the series of credit notes begin with, before that of the invoices.
CREDIT_SERIES: Final = "CN-"
_LABEL_MAX: Final = 48


@dataclass(frozen=True, slots=True)
class PostalAddress:
    """A postal address, in the parts that the world's posts agree on."""

    region_code: str = ""
    language_code: str = ""
    postal_code: str = ""
    sorting_code: str = ""
    administrative_area: str = ""
    locality: str = ""
    sublocality: str = ""
    address_lines: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    organization: str = ""


NO_ADDRESS: Final = PostalAddress()


@dataclass(frozen=True, slots=True)
class Party:
    """A legal entity as it was when a document named it. `name` is its resource name."""

    name: str
    legal_name: str
    registration_number: str
    address: PostalAddress


@dataclass(frozen=True, slots=True)
class Issuer:
    """A legal entity that issues invoices, numbered in a series of its own."""

    issuer_id: str
    legal_name: str
    registration_number: str
    address: PostalAddress
    bank_details: str
    payment_reference: str
    invoice_series: str
    created_at: int
    version: int

    def as_party(self) -> Party:
        """The issuer as a document names it."""
        return Party(
            f"issuers/{self.issuer_id}", self.legal_name, self.registration_number, self.address
        )


# Stands in a draft where there is no issuer yet; such an invoice could not be issued.
NOBODY: Final = Issuer(
    issuer_id="",
    legal_name="",
    registration_number="",
    address=NO_ADDRESS,
    bank_details="",
    payment_reference="",
    invoice_series="",
    created_at=0,
    version=0,
)


@dataclass(frozen=True, slots=True)
class NumberSeries:
    """The numbers given out in a series: all from 1 to `last`."""

    series: str
    last: int


def sandbox_issuer(series: str) -> Issuer:
    """Who issues a sandbox's invoices where there is no issuer: nobody real."""
    return Issuer(
        issuer_id="sandbox",
        legal_name="Sandbox issuer",
        registration_number="",
        address=NO_ADDRESS,
        bank_details="",
        payment_reference="",
        invoice_series=series,
        created_at=0,
        version=1,
    )


def sandbox_series(sandbox: str) -> str:
    """The series of a sandbox's invoices; short enough for their numbers to be names."""
    label = sandbox
    if len(sandbox) > _LABEL_MAX:
        label = f"{sandbox[: _LABEL_MAX - 9]}-{sha256(sandbox.encode()).hexdigest()[:8]}"
    return f"{TEST_SERIES}{label}-"


def credit_series(invoice_series: str) -> str:
    """The series of the credit notes that go with a series of invoices."""
    return f"{CREDIT_SERIES}{invoice_series}"


def series_collide(one: str, other: str) -> bool:
    """Whether two series could come to give equal numbers, once these are used as names."""
    short, long = sorted((_as_name(one), _as_name(other)), key=len)
    rest = long.removeprefix(short)
    return long.startswith(short) and (not rest or rest.isdecimal())


def numbered(series: str, number: int) -> tuple[str, str]:
    """The number of a document as printed, and as the last part of its name."""
    printed = f"{series}{number:06d}"
    return printed, _as_name(printed)


def _as_name(text: str) -> str:
    return text.lower().replace("/", "-")
