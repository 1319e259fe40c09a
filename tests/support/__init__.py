"""What several rings of tests stand on: servers, stores, processes."""
