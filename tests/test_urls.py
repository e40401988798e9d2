"""Addresses that belong to no page and to no call."""

from django.test import Client


def test_the_root_leads_to_the_queue(client: Client):
    assert client.get("/").headers["Location"] == "/admin/print-queue/"


def test_the_streams_of_the_library_itself_are_not_mounted(client: Client):
    for address in ("/events/", "/events/?channel=jobs", "/api/events/"):
        assert client.get(address).status_code == 404
