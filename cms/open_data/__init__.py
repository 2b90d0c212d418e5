"""The whole catalogue for anybody: linked data, a table, and a file from which another portal is filled."""
