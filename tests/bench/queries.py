"""Prints, as JSON, how many queries the list page makes on the database of DATABASE_URL, by tab."""

from __future__ import annotations

import json
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "printfactory.settings")
django.setup(set_prefix=False)

from django.conf import settings  # noqa: E402  (needs the settings)
from django.contrib.auth.models import User  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client as Browser  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402


def main() -> None:
    """Ask for each tab, and print."""
    # There is no server, and so no collected file whose hash could be looked up.
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    browser = Browser(headers={"host": "127.0.0.1"})
    browser.force_login(User.objects.filter(is_staff=True)[0], backend="django.contrib.auth.backends.ModelBackend")
    print(json.dumps({tab: queries(browser, tab) for tab in ("active", "history")}))


def queries(browser: Browser, tab: str) -> int:
    """Return how many queries the list page makes."""
    with CaptureQueriesContext(connection) as captured:
        answer = browser.get("/admin/print-queue/", {"tab": tab})
    assert answer.status_code == 200, answer
    return len(captured)


if __name__ == "__main__":
    main()
