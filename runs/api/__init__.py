"""The REST calls: each one fetches, asks one service, and answers."""
