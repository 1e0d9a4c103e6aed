"""What both servers need to recognise who calls."""
