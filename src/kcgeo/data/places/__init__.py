"""Where people live and in which areas."""
