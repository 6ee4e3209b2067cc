"""Discord's REST routes, one file a subject."""
