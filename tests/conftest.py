"""What every test gets: a PostgreSQL to ask for, and searches that repeat themselves.

`pyproject.toml` adds the rest: sockets reach this machine only, warnings are errors.
"""

from hypothesis import settings

pytest_plugins = ["tests.postgres"]

# The same examples on every run: a failure here is a failure there.
settings.register_profile("pospago", deadline=None, derandomize=True, database=None)
settings.load_profile("pospago")
