"""The demonstration: a fictional inquest as a script (inquest.toml), and the player that covers it live."""
