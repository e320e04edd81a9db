"""The tables of one-off charges and of coupons."""

from datetime import date

from sqlalchemy import Index

from billing_service.storage.columns import Table, key, long, text, word


class OneOffChargeRow(Table, table=True):
    """Something that is charged once; its state is kept to be searched.

    `definition` is its price as JSON. `card` is what a rate card says besides, as JSON, with its
    period in columns ('' and unset: it has a price of its own). `payer` and `invoice` are '' while
    no invoice charges it; `included` and `amount_minor` are what was rated there.
    `credit_note` is the payer's that gives it back, '' while none does.
    """

    __tablename__ = "one_off_charges"
    __table_args__ = (
        Index("ix_one_off_charges_state", "account", "state"),
        Index("ix_one_off_charges_period", "account", "subscription", "price", "period_start_on"),
    )
    account: str = key()
    charge: str = key()
    description: str = text()
    quantity: str = text()
    charged_on: date
    currency: str = word(3)
    definition: str = text()
    tax_category: str = word(40)
    subscription: str = word()
    price: str = word(40)
    period_start_on: date | None
    period_end_on: date | None
    card: str = text()
    author: str = text()
    created_at: int = long()
    state: str = word(16)
    cancelled_at: int | None = long()
    cancel_note: str = text()
    payer: str = word()
    invoice: str = word()
    included: str | None = text()
    amount_minor: int | None = long()
    credit_note: str = word()
    version: int


class CouponRow(Table, table=True):
    """A coupon: a percentage or an amount, for plans and prices as JSON; its state to be searched.

    `periods_count` is unset for one that is for good.
    """

    __tablename__ = "coupons"
    coupon: str = key()
    display_name: str = text()
    percent: str | None = text()
    amount: str | None = text()
    currency: str = word(3)
    periods_count: int | None
    plans: str = text()
    prices: str = text()
    redeem_before_at: int | None = long()
    redemptions_max: int
    redemptions_count: int
    created_at: int = long()
    state: str = word(16)
    deactivated_at: int | None = long()
    version: int
