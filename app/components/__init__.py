"""Components that several pages show: charts, cards, reasons and tiles."""
