"""Where billing keeps its facts: tables, migrations, what use cases gather and save, queries."""
