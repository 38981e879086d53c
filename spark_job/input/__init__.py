"""Input of the Spark application: tables and streams as rows of cells."""
