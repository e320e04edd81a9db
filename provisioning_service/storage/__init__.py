"""How the service's facts are kept: tables, what a write reads and saves, what a query gives."""
