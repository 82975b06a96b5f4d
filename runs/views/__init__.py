"""The pages of runs: each one fetches and authorises, asks one selector or service, and answers."""
