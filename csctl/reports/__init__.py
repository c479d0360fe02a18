"""Reports: what is told of a month or a customer, as tables and charts, on screen and on paper."""
