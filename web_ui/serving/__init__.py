"""The server: connections, their deadlines and limits, and the queue of requests."""
