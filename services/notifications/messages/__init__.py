"""What volunteers are told: which event tells whom, in what words, and the inbox in which they read it.

``deliveries`` enters messages, because a message and its deliveries are made by the same event.
"""
