"""Scripts of users, for type checkers; nothing runs them."""
