"""How something that happened outside becomes a stored run: requests to webhooks, events, and calls
that wait for an answer.
"""
