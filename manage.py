#!/usr/bin/env python3
"""Django's command line for PrintFactory."""

import argparse
import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line


def adopt_address(arguments: list[str]) -> None:
    """Let `serve --bind … --port …` decide BIND and PORT before the settings derive PUBLIC_URL from them."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--bind")
    parser.add_argument("--port")
    options, _ = parser.parse_known_args(arguments)
    if options.bind:
        os.environ["BIND"] = options.bind
    if options.port:
        os.environ["PORT"] = options.port


def main() -> None:
    """Run the command; a wrong setting ends it with its sentence instead of a traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "printfactory.settings")
    if sys.argv[1:2] in (["serve"], ["demo"]):
        adopt_address(sys.argv[2:])
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"printfactory: {error}")


if __name__ == "__main__":
    main()
