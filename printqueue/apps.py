"""The one Django app."""

from django.apps import AppConfig


class PrintQueueConfig(AppConfig):
    """Registers the system checks."""

    name = "printqueue"
    verbose_name = "Print queue"

    def ready(self) -> None:
        """Import what registers itself."""
        from printqueue import checks  # noqa: F401  (registers the system checks)
