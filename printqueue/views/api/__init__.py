"""The JSON API. Same model methods and same rights as the pages."""

from printqueue.views.api.routes import api

__all__ = ["api"]
