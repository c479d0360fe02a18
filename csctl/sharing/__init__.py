"""Working together: desks, numbers, handing in, taking in, two changes to one record."""
