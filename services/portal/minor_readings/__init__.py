"""Pages on which a reading of a minor's data is asked for and answered, and the year's list of them."""
