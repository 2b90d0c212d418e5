"""A department's own API document, read and made into proposals. Nothing here touches a database or the network."""
