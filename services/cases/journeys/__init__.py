"""Residents on a life-event journey: how it stands (`walks`), what changes it (`runs`), what its pages show (`pages`)."""
