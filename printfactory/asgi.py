"""What daphne serves."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "printfactory.settings")
django.setup(set_prefix=False)

from printqueue.live.gateway import Gateway  # noqa: E402  (needs the settings and the models)

application = Gateway()
