"""Downloads of published files, asked for by the user and by nobody else."""
