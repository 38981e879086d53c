"""Input of the Spark job: tables and streams as rows of cells."""
