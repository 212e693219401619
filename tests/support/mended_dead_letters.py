"""The dead-letters commands of the tallying service after a new deployment, as a process that can be killed."""

from shared.messaging.dead_letter_command import command_line
from tests.support.tally import GROUP, MENDED_HANDLERS

app = command_line(GROUP, MENDED_HANDLERS)

if __name__ == "__main__":
    app()
