// The reader's page.
