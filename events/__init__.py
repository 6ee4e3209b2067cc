"""What communities hold, as plain rules, and the pictures of it; knows neither Discord nor the database."""
