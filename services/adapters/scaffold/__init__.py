"""What `make adapter name=...` writes: a kind that does nothing yet, and tests that say so."""
