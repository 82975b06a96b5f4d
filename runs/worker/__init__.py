"""The process that executes runs: its loop, its threads, its time limits, and how it is."""
