"""How fast Altoflow is here, and how near to what this machine can do: `make bench`."""
