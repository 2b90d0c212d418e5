"""Backup and restore of everything the portal keeps: the database (SQLite or PostgreSQL) and its files."""
