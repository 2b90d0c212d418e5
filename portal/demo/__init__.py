"""The demo city: its data as files and the loader behind `manage.py demo`."""
