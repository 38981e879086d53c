"""Tollgate's dashboard: pages that speak HTTP to the Tollgate API and to nothing else."""
