"""What a process holds: memory, files, threads, database connections."""

from pathlib import Path

from django.db import connection

from tests.conftest import ENVIRONMENT


def resident_mb(pid: int) -> float:
    """Return the memory that the process has in use, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    [kilobytes] = [line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(kilobytes) / 1024


def descriptors(pid: int) -> int:
    """Return how many files and sockets the process has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def threads(pid: int) -> int:
    """Return how many threads the process has."""
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


def database_connections(pid: int) -> int:
    """Return how many connections to the database the process has.

    PostgreSQL does not say whose a connection is: there it is all of them but the test's own.
    """
    if ENVIRONMENT.database == "sqlite":
        links = Path(f"/proc/{pid}/fd").iterdir()
        return sum(".sqlite3" in str(link.readlink()) for link in links if link.is_symlink())
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return int(cursor.fetchone()[0])
