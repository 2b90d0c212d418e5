from django.db import models


class Mark(models.Model):
    """Written by triggers only. The edition is the sum of the random tokens of the rows that are there.

    SQLite, where one transaction writes at a time, has one row. On PostgreSQL each change adds a row, so that no change
    waits for another one's commit, and sweeps rows long past.
    """

    token = models.BigIntegerField()
