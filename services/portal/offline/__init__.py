"""The offline list of a shift: kept on a device of the staff while there is no network, then brought back."""
