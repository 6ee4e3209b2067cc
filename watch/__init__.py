"""What operators see of the running bot: metrics, health, a status page. Knows neither Discord nor the database."""
