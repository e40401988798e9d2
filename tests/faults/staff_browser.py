"""A member of staff at a browser without scripts: logs in, follows forms and logs out as a person would."""

from typing import Any

import httpx2
from django.contrib.auth.models import User

from tests.factories import make_staff
from tests.processes import ServeProcess

PASSWORD = "tidy-workshop"


class StaffBrowser:
    """Logged in at `server` through the log-in page; `user` has the password of `make_staff`."""

    def __init__(self, server: ServeProcess, user: User | None = None) -> None:
        self.server = server
        self.user = user or make_staff()
        self._client = server.client(timeout=60)
        self._client.get("/admin/login/").raise_for_status()
        answer = self.post("/admin/login/", username=self.user.username, password=PASSWORD)
        assert answer.status_code == 302, answer.text

    def post(self, path: str, **fields: Any) -> httpx2.Response:
        """Send a form, with the token that every form of a page holds."""
        return self._client.post(path, data={**fields, "csrfmiddlewaretoken": self._client.cookies["csrftoken"]})

    @property
    def session_key(self) -> str:
        return str(self._client.cookies["sessionid"])

    @property
    def headers(self) -> dict[str, str]:
        """Return the header by which another connection of this browser is known, such as that of a stream."""
        return {"Cookie": f"sessionid={self.session_key}"}
