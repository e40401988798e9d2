"""Coming in and going out. These addresses stand before the admin's own, so that there is one log-in for both."""

from __future__ import annotations

import math
from typing import Any, Final

from django.contrib import messages
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse_lazy

from printqueue.views.buckets import Limits, TokenBuckets

LOG_INS: Final = TokenBuckets(lambda: Limits(at_once=10, a_second=1 / 6))
"""Of each address. What goes well does not count: a whole shop may come in from one."""


class LogIn(LoginView):
    """Let staff in."""

    template_name = "registration/login.html"
    authentication_form = AdminAuthenticationForm

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Pass on who is in already: a page that was logged out sends its tabs here one by one."""
        if request.user.is_active and request.user.is_staff:
            return HttpResponseRedirect(self.get_success_url())
        return super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Check name and password, unless this address has tried too often, with whatever names.

        To check one takes a third of a second of a thread that all requests need.
        """
        seconds = LOG_INS.take(_address(request))
        if seconds == 0:
            return super().post(request, *args, **kwargs)
        response = render(request, "registration/locked_out.html", {"wait": "a minute"}, status=429)
        response["Retry-After"] = str(math.ceil(seconds))
        return response

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Let them in."""
        LOG_INS.give_back(_address(self.request))
        return super().form_valid(form)


def _address(request: HttpRequest) -> str:
    """Return where the client is: printqueue.proxies has seen to it."""
    return str(request.META.get("REMOTE_ADDR", ""))


class ChangePassword(PasswordChangeView):
    """Give oneself another password."""

    template_name = "registration/password_change.html"
    success_url = reverse_lazy("pages:list")

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        messages.success(self.request, "Your password is changed.")
        return super().form_valid(form)


urlpatterns = [
    path("login/", LogIn.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("password_change/", ChangePassword.as_view(), name="password_change"),
]
