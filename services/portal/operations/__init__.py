"""How the system is, for its operators: is anyone affected, and where is it stuck."""
