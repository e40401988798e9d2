"""The addresses of the API, and of the health checks at the root."""

from django.urls import path

from printqueue.views.api import api
from printqueue.views.api.health import healthz, readyz
from printqueue.views.api.routes import no_such_call

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("api/", api.urls),
    path("api", no_such_call),  # or Django would redirect to the address above, in HTML
]
