"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:  # noqa: PLR0915 - a record of statements
    op.create_table(
        "account_locks",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("sandbox", sa.String(length=64), nullable=False),
        sa.Column("parked_cause", sa.String(length=200), server_default="", nullable=False),
        sa.Column("parked_attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("retry_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("peer_parked", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_account_locks")),
    )
    with op.batch_alter_table("account_locks", schema=None) as batch_op:
        batch_op.create_index("ix_account_locks_parked", ["parked_cause", "retry_at"], unique=False)

    op.create_table(
        "accounts",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("sandbox", sa.String(length=64), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("zone_fixed", sa.Boolean(), nullable=False),
        sa.Column("usage_watched", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_accounts")),
    )
    op.create_table(
        "allocations",
        sa.Column("payer", sa.String(length=64), nullable=False),
        sa.Column("payment", sa.String(length=64), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("invoice", sa.String(length=64), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("value_on", sa.Date(), nullable=False),
        sa.Column("allocated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("payer", "payment", "ordinal", name=op.f("pk_allocations")),
    )
    with op.batch_alter_table("allocations", schema=None) as batch_op:
        batch_op.create_index("ix_allocations_invoice", ["payer", "invoice"], unique=False)

    op.create_table(
        "billing_profiles",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("paid_by", sa.String(length=64), nullable=False),
        sa.Column("legal_name", sa.Text(), nullable=False),
        sa.Column("registration_number", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("billing_email", sa.Text(), nullable=False),
        sa.Column("reference_text", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("terms", sa.String(length=64), nullable=False),
        sa.Column("issuer", sa.String(length=64), nullable=False),
        sa.Column("tax_profile", sa.String(length=64), nullable=False),
        sa.Column("tax_treatment", sa.String(length=16), nullable=False),
        sa.Column("tax_note", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_billing_profiles")),
    )
    with op.batch_alter_table("billing_profiles", schema=None) as batch_op:
        batch_op.create_index("ix_billing_profiles_paid_by", ["paid_by", "account"], unique=False)

    op.create_table(
        "catalog_revision",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("revision", name=op.f("pk_catalog_revision")),
    )
    op.create_table(
        "charges",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("subscription", sa.String(length=64), nullable=False),
        sa.Column("item", sa.String(length=40), nullable=False),
        sa.Column("period_start_on", sa.Date(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("reverses_revision", sa.Integer(), nullable=True),
        sa.Column("period_end_on", sa.Date(), nullable=False),
        sa.Column("invoice_month", sa.Date(), nullable=False),
        sa.Column("payer", sa.String(length=64), nullable=False),
        sa.Column("invoice", sa.String(length=64), nullable=False),
        sa.Column("line_number", sa.Integer(), nullable=False),
        sa.Column("plan", sa.String(length=64), nullable=False),
        sa.Column("plan_version", sa.Integer(), nullable=False),
        sa.Column("band", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("quantity", sa.Text(), nullable=False),
        sa.Column("usage", sa.Text(), nullable=False),
        sa.Column("included", sa.Text(), nullable=True),
        sa.Column("days_charged", sa.Integer(), nullable=False),
        sa.Column("days_full", sa.Integer(), nullable=False),
        sa.Column("price_index", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("review", sa.String(length=64), nullable=False),
        sa.Column("full_minor", sa.BigInteger(), nullable=True),
        sa.Column("engine_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "account",
            "subscription",
            "item",
            "period_start_on",
            "revision",
            name=op.f("pk_charges"),
        ),
    )
    with op.batch_alter_table("charges", schema=None) as batch_op:
        batch_op.create_index(
            "ix_charges_account_month", ["account", "invoice_month"], unique=False
        )
        batch_op.create_index(
            "ix_charges_invoice",
            ["payer", "invoice", "line_number", "account", "subscription"],
            unique=False,
        )

    op.create_table(
        "cursors",
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("watermark_at", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("held_until_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_cursors")),
    )
    op.create_table(
        "epochs",
        sa.Column("epoch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("starts_after_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("epoch", name=op.f("pk_epochs")),
    )
    op.create_table(
        "events",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("sandbox", sa.String(length=64), nullable=False),
        sa.Column("record_at", sa.BigInteger(), nullable=False),
        sa.Column("effective_at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=120), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_events")),
    )
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.create_index("ix_events_account_seq", ["account", "seq"], unique=False)

    op.create_table(
        "feed_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("watermark_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed_head")),
    )
    op.create_table(
        "idempotency",
        sa.Column("caller", sa.String(length=160), nullable=False),
        sa.Column("rpc", sa.String(length=160), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("response", sa.LargeBinary(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("caller", "rpc", "request_id", name=op.f("pk_idempotency")),
    )
    with op.batch_alter_table("idempotency", schema=None) as batch_op:
        batch_op.create_index("ix_idempotency_recorded_at", ["recorded_at"], unique=False)

    op.create_table(
        "invoice_accounts",
        sa.Column("payer", sa.String(length=64), nullable=False),
        sa.Column("invoice", sa.String(length=64), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("stop_at", sa.BigInteger(), nullable=False),
        sa.Column("deletion_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("payer", "invoice", "account", name=op.f("pk_invoice_accounts")),
    )
    with op.batch_alter_table("invoice_accounts", schema=None) as batch_op:
        batch_op.create_index("ix_invoice_accounts_account", ["account"], unique=False)

    op.create_table(
        "invoice_lines",
        sa.Column("payer", sa.String(length=64), nullable=False),
        sa.Column("invoice", sa.String(length=64), nullable=False),
        sa.Column("line_number", sa.Integer(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("plan", sa.String(length=64), nullable=False),
        sa.Column("plan_version", sa.Integer(), nullable=False),
        sa.Column("band", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.Text(), nullable=False),
        sa.Column("unit_price", sa.Text(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("period_start_on", sa.Date(), nullable=False),
        sa.Column("period_end_on", sa.Date(), nullable=False),
        sa.Column("price", sa.String(length=40), nullable=False),
        sa.Column("part", sa.String(length=16), nullable=False),
        sa.Column("tax_category", sa.String(length=40), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("payer", "invoice", "line_number", name=op.f("pk_invoice_lines")),
    )
    op.create_table(
        "invoice_taxes",
        sa.Column("payer", sa.String(length=64), nullable=False),
        sa.Column("invoice", sa.String(length=64), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("tax_category", sa.String(length=40), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("percent", sa.Text(), nullable=False),
        sa.Column("treatment", sa.String(length=16), nullable=False),
        sa.Column("taxable_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("payer", "invoice", "ordinal", name=op.f("pk_invoice_taxes")),
    )
    op.create_table(
        "invoices",
        sa.Column("payer", sa.String(length=64), nullable=False),
        sa.Column("invoice", sa.String(length=64), nullable=False),
        sa.Column("series", sa.String(length=80), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.String(length=100), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("issuer_party", sa.Text(), nullable=False),
        sa.Column("buyer_party", sa.Text(), nullable=False),
        sa.Column("reference_text", sa.Text(), nullable=False),
        sa.Column("bank_details", sa.Text(), nullable=False),
        sa.Column("payment_reference", sa.Text(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("last_service_on", sa.Date(), nullable=False),
        sa.Column("deletion_on", sa.Date(), nullable=False),
        sa.Column("deletion_hour", sa.Integer(), nullable=False),
        sa.Column("overdue_at", sa.BigInteger(), nullable=False),
        sa.Column("stop_at", sa.BigInteger(), nullable=False),
        sa.Column("deletion_at", sa.BigInteger(), nullable=False),
        sa.Column("subtotal_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("prices_include_tax", sa.Boolean(), nullable=False),
        sa.Column("tax_note", sa.Text(), nullable=False),
        sa.Column("terms", sa.String(length=64), nullable=False),
        sa.Column("terms_version", sa.Integer(), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("sandbox", sa.String(length=64), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("payer", "invoice", name=op.f("pk_invoices")),
        sa.UniqueConstraint("payer", "currency", "month", name="uq_invoices_payer_month"),
        sa.UniqueConstraint("series", "sequence", name="uq_invoices_number"),
    )
    with op.batch_alter_table("invoices", schema=None) as batch_op:
        batch_op.create_index(
            "ix_invoices_payer", ["sandbox", "payer", "series", "sequence"], unique=False
        )

    op.create_table(
        "issuers",
        sa.Column("issuer", sa.String(length=64), nullable=False),
        sa.Column("legal_name", sa.Text(), nullable=False),
        sa.Column("registration_number", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("bank_details", sa.Text(), nullable=False),
        sa.Column("payment_reference", sa.Text(), nullable=False),
        sa.Column("invoice_series", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("issuer", name=op.f("pk_issuers")),
        sa.UniqueConstraint("invoice_series", name=op.f("uq_issuers_invoice_series")),
    )
    op.create_table(
        "meters",
        sa.Column("meter", sa.String(length=64), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("event_name", sa.String(length=100), nullable=False),
        sa.Column("aggregation", sa.String(length=16), nullable=False),
        sa.Column("value_property", sa.String(length=100), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("filters", sa.Text(), nullable=False),
        sa.Column("dimensions", sa.Text(), nullable=False),
        sa.Column("value_per_unit", sa.Text(), nullable=False),
        sa.Column("rounding_mode", sa.String(length=16), nullable=False),
        sa.Column("rounding_decimals", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("meter", name=op.f("pk_meters")),
    )
    op.create_table(
        "number_series",
        sa.Column("series", sa.String(length=80), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("series", name=op.f("pk_number_series")),
    )
    op.create_table(
        "parked_events",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("effective_at", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.String(length=120), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("account", "source", "seq", name=op.f("pk_parked_events")),
    )
    op.create_table(
        "payments",
        sa.Column("payer", sa.String(length=64), nullable=False),
        sa.Column("payment", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("value_on", sa.Date(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("unallocated_minor", sa.BigInteger(), nullable=False),
        sa.Column("reversed_at", sa.BigInteger(), nullable=True),
        sa.Column("reversal_note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("payer", "payment", name=op.f("pk_payments")),
    )
    with op.batch_alter_table("payments", schema=None) as batch_op:
        batch_op.create_index("ix_payments_credit", ["payer", "unallocated_minor"], unique=False)

    op.create_table(
        "plan_prices",
        sa.Column("plan", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("band", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("plan", "version", "ordinal", name=op.f("pk_plan_prices")),
    )
    op.create_table(
        "plan_versions",
        sa.Column("plan", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("effective_at", sa.BigInteger(), nullable=True),
        sa.Column("schedule", sa.Text(), nullable=False),
        sa.Column("shared_allowances", sa.Text(), nullable=False),
        sa.Column("limits", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("plan", "version", name=op.f("pk_plan_versions")),
    )
    op.create_table(
        "plans",
        sa.Column("plan", sa.String(length=64), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("policy", sa.String(length=16), nullable=False),
        sa.Column("tax_category", sa.String(length=40), nullable=False),
        sa.Column("price_change_notice_days", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("plan", name=op.f("pk_plans")),
    )
    op.create_table(
        "price_changes",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("price_change", sa.String(length=64), nullable=False),
        sa.Column("plan", sa.String(length=64), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("plan_version", sa.Integer(), nullable=True),
        sa.Column("index_percent", sa.Text(), nullable=False),
        sa.Column("is_yearly", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("notice_at", sa.BigInteger(), nullable=False),
        sa.Column("cancelled_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("account", "price_change", name=op.f("pk_price_changes")),
    )
    op.create_table(
        "sandbox_clocks",
        sa.Column("sandbox", sa.String(length=64), nullable=False),
        sa.Column("clock_at", sa.BigInteger(), nullable=False),
        sa.Column("target_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("sandbox", name=op.f("pk_sandbox_clocks")),
    )
    op.create_table(
        "settlements",
        sa.Column("payer", sa.String(length=64), nullable=False),
        sa.Column("invoice", sa.String(length=64), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("paid_minor", sa.BigInteger(), nullable=False),
        sa.Column("settled_on", sa.Date(), nullable=True),
        sa.Column("settled_late", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("payer", "invoice", name=op.f("pk_settlements")),
    )
    with op.batch_alter_table("settlements", schema=None) as batch_op:
        batch_op.create_index("ix_settlements_open", ["payer", "settled_on"], unique=False)

    op.create_table(
        "standings",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("closed_through", sa.Date(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("earliest_unsettled_month", sa.Date(), nullable=True),
        sa.Column("stopped_at", sa.BigInteger(), nullable=True),
        sa.Column("stopped_by", sa.String(length=160), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_standings")),
    )
    op.create_table(
        "subscription_facts",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("subscription", sa.String(length=64), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("effective_at", sa.BigInteger(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "account", "subscription", "ordinal", name=op.f("pk_subscription_facts")
        ),
    )
    op.create_table(
        "subscriptions",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("subscription", sa.String(length=64), nullable=False),
        sa.Column("plan", sa.String(length=64), nullable=False),
        sa.Column("band", sa.Integer(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("first_billed_month", sa.Date(), nullable=True),
        sa.Column("begins_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("first_month", sa.Date(), nullable=False),
        sa.Column("last_month", sa.Date(), nullable=False),
        sa.Column("last_kind", sa.String(length=16), nullable=False),
        sa.Column("facts_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account", "subscription", name=op.f("pk_subscriptions")),
    )
    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.create_index(
            "ix_subscriptions_months", ["account", "last_month", "first_month"], unique=False
        )

    op.create_table(
        "tax_profile_versions",
        sa.Column("tax_profile", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("effective_at", sa.BigInteger(), nullable=True),
        sa.Column("rates", sa.Text(), nullable=False),
        sa.Column("prices_include_tax", sa.Boolean(), nullable=False),
        sa.Column("rounding", sa.String(length=16), nullable=False),
        sa.Column("tax_point", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("tax_profile", "version", name=op.f("pk_tax_profile_versions")),
    )
    op.create_table(
        "tax_profiles",
        sa.Column("tax_profile", sa.String(length=64), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tax_profile", name=op.f("pk_tax_profiles")),
    )
    op.create_table(
        "terms_versions",
        sa.Column("terms", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("effective_at", sa.BigInteger(), nullable=True),
        sa.Column("due_day", sa.Integer(), nullable=False),
        sa.Column("last_service_day", sa.Integer(), nullable=False),
        sa.Column("deletion_day", sa.Integer(), nullable=False),
        sa.Column("deletion_hour", sa.Integer(), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("due_reminder_days", sa.Integer(), nullable=False),
        sa.Column("stop_warning_days", sa.Integer(), nullable=False),
        sa.Column("deletion_warning_days", sa.Integer(), nullable=False),
        sa.Column("usage_grace_hours", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("terms", "version", name=op.f("pk_terms_versions")),
    )
    op.create_table(
        "timers",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("sandbox", sa.String(length=64), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "kind", "key", name=op.f("pk_timers")),
    )
    with op.batch_alter_table("timers", schema=None) as batch_op:
        batch_op.create_index("ix_timers_account_due", ["account", "due_at"], unique=False)
        batch_op.create_index("ix_timers_sandbox_due", ["sandbox", "due_at"], unique=False)
    op.create_table(
        "usage_corrections",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("event_key", sa.LargeBinary(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "account", "event_key", "ordinal", name=op.f("pk_usage_corrections")
        ),
    )
    op.create_table(
        "usage_keys",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("event_key", sa.LargeBinary(), nullable=False),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("time_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "event_key", name=op.f("pk_usage_keys")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "usage_segments",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("aged_out_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_usage_segments")),
    )
    op.create_table(
        "usage_totals",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("meter", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("dimensions", sa.Text(), nullable=False),
        sa.Column("events_count", sa.BigInteger(), nullable=False),
        sa.Column("sum_units", sa.BigInteger(), nullable=False),
        sa.Column("sum_nanos", sa.Integer(), nullable=False),
        sa.Column("max_units", sa.BigInteger(), nullable=False),
        sa.Column("max_nanos", sa.Integer(), nullable=False),
        sa.Column("latest_units", sa.BigInteger(), nullable=False),
        sa.Column("latest_nanos", sa.Integer(), nullable=False),
        sa.Column("latest_at", sa.BigInteger(), nullable=False),
        sa.Column("latest_key", sa.LargeBinary(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("integral", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "account", "meter", "day", "dimensions", name=op.f("pk_usage_totals")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "usage_values",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("meter", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("dimensions", sa.Text(), nullable=False),
        sa.Column("value", sa.String(length=100), nullable=False),
        sa.Column("events_count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "account", "meter", "day", "dimensions", "value", name=op.f("pk_usage_values")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "outdated_charges",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("subscription", sa.String(length=64), nullable=False),
        sa.Column("item", sa.String(length=40), nullable=False),
        sa.Column("period_start_on", sa.Date(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("outdated_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint(
            "account",
            "subscription",
            "item",
            "period_start_on",
            "revision",
            name=op.f("pk_outdated_charges"),
        ),
    )
    op.create_table(
        "reservations",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("reservation", sa.String(length=64), nullable=False),
        sa.Column("subscription", sa.String(length=64), nullable=False),
        sa.Column("price", sa.String(length=40), nullable=False),
        sa.Column("period_start_on", sa.Date(), nullable=False),
        sa.Column("quantity", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expire_at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.Column("released_at", sa.BigInteger(), nullable=True),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("account", "reservation", name=op.f("pk_reservations")),
    )
    with op.batch_alter_table("reservations", schema=None) as batch_op:
        batch_op.create_index(
            "ix_reservations_counting", ["account", "subscription", "price", "counts"], unique=False
        )

    op.create_table(
        "reviews",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("review", sa.String(length=64), nullable=False),
        sa.Column("subscription", sa.String(length=64), nullable=False),
        sa.Column("price", sa.String(length=40), nullable=False),
        sa.Column("period_start_on", sa.Date(), nullable=False),
        sa.Column("period_end_on", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("decided_minor", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("payer", sa.String(length=64), nullable=False),
        sa.Column("invoice", sa.String(length=64), nullable=False),
        sa.Column("quantity", sa.Text(), nullable=True),
        sa.Column("full_minor", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account", "review", name=op.f("pk_reviews")),
    )
    with op.batch_alter_table("reviews", schema=None) as batch_op:
        batch_op.create_index(
            "ix_reviews_key", ["account", "subscription", "price", "period_start_on"], unique=True
        )

    op.create_table(
        "threshold_crossings",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("subscription", sa.String(length=64), nullable=False),
        sa.Column("price", sa.String(length=40), nullable=False),
        sa.Column("period_start_on", sa.Date(), nullable=False),
        sa.Column("threshold", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint(
            "account",
            "subscription",
            "price",
            "period_start_on",
            "threshold",
            name=op.f("pk_threshold_crossings"),
        ),
    )
    op.create_table(
        "usage_guards",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("subscription", sa.String(length=64), nullable=False),
        sa.Column("price", sa.String(length=40), nullable=False),
        sa.Column("percents", sa.Text(), nullable=False),
        sa.Column("amounts_minor", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("ceiling", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account", "subscription", "price", name=op.f("pk_usage_guards")),
    )


def downgrade() -> None:  # noqa: PLR0915 - a record of statements
    op.drop_table("usage_guards")
    op.drop_table("threshold_crossings")
    with op.batch_alter_table("reviews", schema=None) as batch_op:
        batch_op.drop_index("ix_reviews_key")

    op.drop_table("reviews")
    with op.batch_alter_table("reservations", schema=None) as batch_op:
        batch_op.drop_index("ix_reservations_counting")

    op.drop_table("reservations")
    op.drop_table("outdated_charges")
    # The tables of events came one by one with their months.
    segments = sa.table("usage_segments", sa.column("month", sa.Date()))
    for (month,) in op.get_bind().execute(sa.select(segments.c.month)).all():
        op.execute(f"DROP TABLE IF EXISTS usage_events_{month:%Y%m}")
    op.drop_table("usage_values")
    op.drop_table("usage_totals")
    op.drop_table("usage_segments")
    op.drop_table("usage_keys")
    op.drop_table("usage_corrections")
    with op.batch_alter_table("timers", schema=None) as batch_op:
        batch_op.drop_index("ix_timers_sandbox_due")
        batch_op.drop_index("ix_timers_account_due")

    op.drop_table("timers")
    op.drop_table("terms_versions")
    op.drop_table("tax_profiles")
    op.drop_table("tax_profile_versions")
    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.drop_index("ix_subscriptions_months")

    op.drop_table("subscriptions")
    op.drop_table("subscription_facts")
    op.drop_table("standings")
    with op.batch_alter_table("settlements", schema=None) as batch_op:
        batch_op.drop_index("ix_settlements_open")

    op.drop_table("settlements")
    op.drop_table("sandbox_clocks")
    op.drop_table("price_changes")
    op.drop_table("plans")
    op.drop_table("plan_versions")
    op.drop_table("plan_prices")
    with op.batch_alter_table("payments", schema=None) as batch_op:
        batch_op.drop_index("ix_payments_credit")

    op.drop_table("payments")
    op.drop_table("parked_events")
    op.drop_table("number_series")
    op.drop_table("meters")
    op.drop_table("issuers")
    with op.batch_alter_table("invoices", schema=None) as batch_op:
        batch_op.drop_index("ix_invoices_payer")

    op.drop_table("invoices")
    op.drop_table("invoice_taxes")
    op.drop_table("invoice_lines")
    with op.batch_alter_table("invoice_accounts", schema=None) as batch_op:
        batch_op.drop_index("ix_invoice_accounts_account")

    op.drop_table("invoice_accounts")
    with op.batch_alter_table("idempotency", schema=None) as batch_op:
        batch_op.drop_index("ix_idempotency_recorded_at")

    op.drop_table("idempotency")
    op.drop_table("feed_head")
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.drop_index("ix_events_account_seq")

    op.drop_table("events")
    op.drop_table("epochs")
    op.drop_table("cursors")
    with op.batch_alter_table("charges", schema=None) as batch_op:
        batch_op.drop_index("ix_charges_invoice")
        batch_op.drop_index("ix_charges_account_month")

    op.drop_table("charges")
    op.drop_table("catalog_revision")
    with op.batch_alter_table("billing_profiles", schema=None) as batch_op:
        batch_op.drop_index("ix_billing_profiles_paid_by")

    op.drop_table("billing_profiles")
    with op.batch_alter_table("allocations", schema=None) as batch_op:
        batch_op.drop_index("ix_allocations_invoice")

    op.drop_table("allocations")
    op.drop_table("accounts")
    with op.batch_alter_table("account_locks", schema=None) as batch_op:
        batch_op.drop_index("ix_account_locks_parked")

    op.drop_table("account_locks")
