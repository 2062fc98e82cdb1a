"""Live coverage of a hearing: states, posts, corrections, retractions."""
