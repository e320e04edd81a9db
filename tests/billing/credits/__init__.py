"""Credits: which are used for what, their ledger, and what they do to invoices."""
