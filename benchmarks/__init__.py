"""How fast this project is beside what a user would pick instead; see docs/speed.md.

A module a kind of work. Each has AIMS, the rows that it gives, and measure(), which yields them.
"""
