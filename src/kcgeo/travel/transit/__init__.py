"""Minutes by scheduled service, from a timetable."""
