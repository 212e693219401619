"""The rules of an allocation: what it costs, what is fair, the plan, its proof, and its words."""
