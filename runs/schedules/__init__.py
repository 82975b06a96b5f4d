"""When workflows start by the clock: their timetables, and a row for each time that was due."""
