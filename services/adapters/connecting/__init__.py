"""What integrators do: register a connection, give it its document, operations, mapping and keys, test it, put it into service."""
