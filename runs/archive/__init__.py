"""Old runs leave the database for compressed, checksummed files, where they can still be read,
verified, and taken back.
"""
