"""The dead-letters commands of the tallying service after a new deployment, as a process that can be killed."""

from shared.messaging.dead_letter_command import command_line
from tests.support.tally import MENDED_REACTIONS

app = command_line(MENDED_REACTIONS)

if __name__ == "__main__":
    app()
