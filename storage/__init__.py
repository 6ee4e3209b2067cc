"""What must be remembered: tables, queries, migrations, files. Knows neither Discord nor how pictures are made."""
