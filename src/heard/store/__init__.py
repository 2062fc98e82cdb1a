"""Where the journal, the vault, media and frames live. Only this part knows which database it is."""
