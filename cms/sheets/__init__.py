"""Service pages as a spreadsheet: `columns` (what a cell says), `reading`, `writing`, `checking` (the dry run) and `drafting`."""
