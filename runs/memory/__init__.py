"""A run in a worker's memory. The store loads and saves it, the engine takes it further."""
