"""The protocol over a private socket: server, client, and music to a port elsewhere."""
