"""Declared reads: what a department's system is asked in place of a resident or an app, and what of its answer is given out."""
