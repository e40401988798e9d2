"""django-eventstream as its documentation shows it, on stock Django and daphne: a PUT sends an event, from memory.

`daphne tests.bench.references.plain_eventstream:application`
"""

import json

import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import URLPattern, URLResolver, include, path
from django.utils import timezone

settings.configure(
    SECRET_KEY="of a server that is measured and thrown away",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=[
        "daphne",
        "django_eventstream",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
    ],
    # Those of `django-admin startproject`, but for the CSRF token, which a program does not have.
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    USE_TZ=True,
)
django.setup()

from django_eventstream import send_event  # noqa: E402  (needs the settings)

revision = 0


def put_progress(request: HttpRequest, job: int) -> JsonResponse:
    """Tell all pages of the progress of a job, in an event that says as much as ours."""
    global revision
    revision += 1
    body = {
        "type": "progress",
        "id": str(job),
        "progress": json.loads(request.body)["progress"],
        "progressLastReportTime": timezone.now(),
        "state": "printing",
        "remainingSeconds": None,
        "layer": None,
        "totalLayers": None,
        "revision": revision,
    }
    send_event("jobs", "message", body)
    return JsonResponse({"success": True})


urlpatterns: list[URLPattern | URLResolver] = [
    path("api/print-queue/events", include("django_eventstream.urls"), {"channels": ["jobs"]}),
    path("api/print-queue/<int:job>/progress", put_progress),
]
application = get_asgi_application()
