"""Other people's sites, asked by this server on somebody's word, and never more of them than was meant."""
