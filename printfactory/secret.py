"""The key Django signs with: given, or made once and kept beside the data."""

import os
import secrets
import tempfile
from pathlib import Path


def kept_secret(path: Path) -> str:
    """The secret in `path`, made there (mode 0600) when it is not.

    Several processes may start together: the file appears complete or not at all, and all use the first.
    """
    if not path.exists():
        # mkstemp creates with mode 0600.
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=path.name)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(64))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process was first; its secret is read below
        finally:
            os.unlink(draft)
    return path.read_text().strip()
