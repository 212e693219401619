"""All SQL of the write model. Every statement names the district; a set of rows is one statement."""
