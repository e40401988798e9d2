"""Pages and lists travel compressed; streams never do."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

KINDS: Final = ("text/html", "application/json")


class CompressedAnswers(GZipMiddleware):
    """Django's compression, for whole answers of pages and lists alone.

    It would compress each event of a stream by itself, and browsers show only the first of such pieces. What programs
    send is answered in a few words, not worth the time. Secrets stay safe with pages that show what was searched for:
    the CSRF token is masked anew each time, and the length of an answer is blurred by random bytes.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Return `response`, compressed if that makes sense and the client can take it."""
        is_whole = not response.streaming and response.get("Content-Type", "").startswith(KINDS)
        if request.method != "GET" or not is_whole:
            return response
        return super().process_response(request, response)
