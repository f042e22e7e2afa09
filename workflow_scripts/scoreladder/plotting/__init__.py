"""Figures from tables and arrays alone."""
