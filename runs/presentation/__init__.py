"""What the pages of runs show, put together from rows: steps, timelines, charts, trees of JSON."""
