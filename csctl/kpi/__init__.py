"""Figures: what each means, what it counts, what it is aimed at."""
