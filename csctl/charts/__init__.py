"""Charts: statistics, display lists, SVG through our own template, bars in a terminal."""
