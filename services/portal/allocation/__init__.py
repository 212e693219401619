"""Pages of the centre on which students are proposed stations: terms, the plan with its proof, approval, answers."""
