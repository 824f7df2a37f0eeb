"""What the compatibility tests stand on: the program under test, daemons, waiting, requests."""
