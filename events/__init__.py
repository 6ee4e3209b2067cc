"""What communities hold, as plain rules and pictures; knows neither Discord nor the database."""
