"""What happens to a run in memory: which node is next, and what follows from its outcome. No SQL of
runs, no threads.
"""
