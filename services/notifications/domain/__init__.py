"""Which event is told to whom, in what words, and when a mail is tried again. No I/O."""
