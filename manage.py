#!/usr/bin/env python
"""Django's command-line entry. `portal.settings.dev` is the default; production sets DJANGO_SETTINGS_MODULE."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.dev")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
