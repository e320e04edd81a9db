"""What it costs: catalogue, usage, subscriptions, charges, invoices, payments, dunning."""
