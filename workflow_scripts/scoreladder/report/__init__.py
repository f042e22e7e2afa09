"""Reports from tables and figures."""
