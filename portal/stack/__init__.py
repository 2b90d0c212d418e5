"""The full stack on one machine: PostgreSQL, Redis, web, worker, beat and nginx as supervised processes. Needs no Django."""
