"""Pictures that come in: read in a process of their own, and made anew, so that nothing but what one sees is kept."""
