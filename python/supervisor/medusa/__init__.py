"""What plug-ins import of the original's web server library; the server itself is native."""
