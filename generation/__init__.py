"""What makes pictures out of requests. Knows nothing of Discord."""
