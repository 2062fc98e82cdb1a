// The desk's page.
