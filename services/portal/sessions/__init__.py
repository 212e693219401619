"""Who is logged in: logging in and out, an opaque cookie, a row, and the tokens that the row keeps on the server."""
