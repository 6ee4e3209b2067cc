"""How the rooms are put together by the settings, in one place."""
