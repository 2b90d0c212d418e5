"""JSON over HTTP with operations declared as data: most departments are connected without a line of Python."""
