"""The fault matrix on the full stack: `make faults`. Rows, load, judgement, report."""
