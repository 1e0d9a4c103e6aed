"""People who sign in with a browser: passwords, back-off, second step, sessions; the same for both servers."""
