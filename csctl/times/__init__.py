"""Days and times: as people write them, as calendars count them."""
