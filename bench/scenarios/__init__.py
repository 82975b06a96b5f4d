"""Every file is one part of the bench."""
