"""All SQL of the engine: claim jobs, load their runs, write checkpoints."""
