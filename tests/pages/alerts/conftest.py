"""People who are told, and those who manage what the shop is told."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from tests.factories import make_staff

ALERTS = "/admin/print-queue/alerts/"
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def colleague(db: None) -> User:
    """Somebody else, whose places and rules are nobody else's business."""
    return make_staff(first_name="Ole", last_name="Berg")


@pytest.fixture
def manager(db: None) -> Client:
    """A browser of somebody who decides what the shop is told."""
    user = make_staff()
    user.user_permissions.add(Permission.objects.get(codename="change_alerttarget"))
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client
