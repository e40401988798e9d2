"""Which address leads where."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(url="/admin/print-queue/")),
    path("", include("printqueue.views.api.urls")),
    path("admin/print-queue/", include("printqueue.views.pages.urls")),
    path("admin/", include("printqueue.views.pages.account")),
    path("admin/", admin.site.urls),
]

# Below /api also what Django itself refuses is answered in JSON.
handler400 = "printqueue.views.api.routes.bad_request"
handler500 = "printqueue.views.api.routes.server_error"
